"""What can be said of data files and done to them: the modules behind `yiwen data`."""
