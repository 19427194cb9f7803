/* Makes chosen system calls on paths below one folder fail, or ends the process at one of them.
 *
 * Loaded by LD_PRELOAD into a process under test. It counts the calls that matter, and lets the
 * n-th of them (and as many after it as are asked for) go wrong:
 *
 *   fail   nothing is done, errno is set
 *   full   as a full disk: calls that take room fail, but what is removed makes room again
 *   short  a write takes half of what it was given
 *   kill   SIGKILL before the call
 *   torn   half of a write is done, then SIGKILL
 *
 * Opening a file that is not there yet counts as `create`, any other as `open`.
 *
 * It is armed by the environment (YIWEN_FAULT_ROOT, _CALL, _NUMBER, _TIMES, _ERRNO, _HOW) as the
 * process starts, or later by yiwen_fault_arm. Without either it only passes calls on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { FAIL, FULL, SHORT, KILL, TORN };
static const char *const HOW[] = {"fail", "full", "short", "kill", "torn"};

static char root[PATH_MAX], calls[256];
static long number, times, trace = -1;
static int error_number, how;
static atomic_long counted, room;

void yiwen_fault_arm(const char *below, const char *wanted, long first, long many, int error,
                     const char *manner) {
    snprintf(root, sizeof root, "%s/", below);
    snprintf(calls, sizeof calls, ",%s,", wanted);
    number = first, times = many, error_number = error;
    for (how = TORN; how > FAIL && strcmp(HOW[how], manner); how--) {
    }
    atomic_store(&counted, 0);
    atomic_store(&room, 0);
}

/* How many calls were counted since it was armed. */
long yiwen_fault_counted(void) { return atomic_load(&counted); }

/* From now on each call that is counted is written to this descriptor, a line each. */
void yiwen_fault_trace(int descriptor) { trace = descriptor; }

static const char *asked(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value ? value : otherwise;
}

__attribute__((constructor)) static void arm_by_environment(void) {
    if (getenv("YIWEN_FAULT_ROOT"))
        yiwen_fault_arm(getenv("YIWEN_FAULT_ROOT"), asked("YIWEN_FAULT_CALL", "any"),
                        atol(asked("YIWEN_FAULT_NUMBER", "0")),
                        atol(asked("YIWEN_FAULT_TIMES", "1")),
                        atoi(asked("YIWEN_FAULT_ERRNO", "5")), asked("YIWEN_FAULT_HOW", "fail"));
}

/* ---- which calls count ---- */

static int is_below(const char *path) { return !strncmp(path, root, strlen(root)); }

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0;
}

static int is_wanted(const char *call) {
    char name[64];
    snprintf(name, sizeof name, ",%s,", call);
    return strstr(calls, name) || !strcmp(calls, ",any,");
}

/* Counts a call on a path; is it one that is to go wrong? */
static int strikes(const char *call, const char *path) {
    if (!*root || !is_below(path) || !is_wanted(call)) return 0;
    long now = atomic_fetch_add(&counted, 1) + 1;
    if (trace >= 0) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%s %s\n", call, path + strlen(root));
        ssize_t (*next)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        if (next(trace, line, length) < 0) trace = -1;
    }
    return number > 0 && now >= number && now - number < times;
}

static int strikes_at(const char *call, int folder, const char *path) {
    char whole[2 * PATH_MAX], above[PATH_MAX];
    if (*path == '/') return strikes(call, path);
    if (folder == AT_FDCWD ? !getcwd(above, sizeof above) : !path_of(folder, above)) return 0;
    snprintf(whole, sizeof whole, "%s/%s", above, path);
    return strikes(call, whole);
}

static int strikes_on(const char *call, int descriptor) {
    char path[PATH_MAX];
    int before = errno;
    int found = *root && path_of(descriptor, path) && strikes(call, path);
    errno = before;
    return found;
}

/* ---- what goes wrong ---- */

static int fail(void) {
    if (how == KILL || how == TORN) kill(getpid(), SIGKILL);
    errno = error_number;
    return -1;
}

/* May a call that takes so many bytes go on, although it was struck? */
static int has_room(long bytes) {
    if (how != FULL) return 0;
    if (atomic_fetch_sub(&room, bytes) >= bytes) return 1;
    atomic_fetch_add(&room, bytes);
    return 0;
}

/* What is removed makes room, on a disk that is full. */
static void makes_room(int folder, const char *path) {
    struct stat found;
    if (*root && how == FULL && !fstatat(folder, path, &found, AT_SYMLINK_NOFOLLOW))
        atomic_fetch_add(&room, found.st_size);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ALSO(other, name) __attribute__((alias(#name))) __typeof__(name) other

/* ---- bytes ---- */

ssize_t write(int file, const void *bytes, size_t count) {
    if (strikes_on("write", file)) {
        if (how == SHORT || how == TORN) {
            ssize_t half = NEXT(write)(file, bytes, count / 2);
            return how == SHORT && count > 1 ? half : fail();
        }
        if (!has_room(count)) return fail();
    }
    return NEXT(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    if (strikes_on("pwrite", file) && !has_room(count)) return fail();
    return NEXT(pwrite)(file, bytes, count, at);
}
ALSO(pwrite64, pwrite);

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (strikes_on("write", file) && !has_room(INT_MAX)) return fail();
    return NEXT(writev)(file, parts, count);
}

ssize_t sendfile(int to, int from, off_t *at, size_t count) {
    if (strikes_on("write", to) && !has_room(count)) return fail();
    return ((ssize_t(*)(int, int, off_t *, size_t))dlsym(RTLD_NEXT, "sendfile"))(to, from, at,
                                                                                 count);
}
ALSO(sendfile64, sendfile);

ssize_t copy_file_range(int from, off_t *at, int to, off_t *there, size_t count, unsigned flags) {
    if (strikes_on("write", to) && !has_room(count)) return fail();
    return NEXT(copy_file_range)(from, at, to, there, count, flags);
}

int posix_fallocate(int file, off_t at, off_t count) {
    if (strikes_on("fallocate", file) && !has_room(count)) return fail(), error_number;
    return NEXT(posix_fallocate)(file, at, count);
}
ALSO(posix_fallocate64, posix_fallocate);

int ftruncate(int file, off_t size) {
    return strikes_on("ftruncate", file) && how != FULL ? fail() : NEXT(ftruncate)(file, size);
}
ALSO(ftruncate64, ftruncate);

int fsync(int file) {
    return strikes_on("fsync", file) && how != FULL ? fail() : NEXT(fsync)(file);
}

int fdatasync(int file) {
    return strikes_on("fsync", file) && how != FULL ? fail() : NEXT(fdatasync)(file);
}

int fchmod(int file, mode_t mode) {
    return strikes_on("chmod", file) && how != FULL ? fail() : NEXT(fchmod)(file, mode);
}

/* ---- files by their path ---- */

static int opened(int folder, const char *path, int flags, mode_t mode) {
    int (*next)(int, const char *, int, ...) = dlsym(RTLD_NEXT, "openat");
    int before = errno;
    int is_new = *root && flags & O_CREAT && faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW);
    errno = before;
    if (strikes_at(is_new ? "create" : "open", folder, path))
        if (how != FULL || (is_new && !has_room(1))) return fail();
    return next(folder, path, flags, mode);
}

#define MODE(flags)                                 \
    mode_t mode = 0;                                \
    if ((flags) & (O_CREAT | O_TMPFILE)) {          \
        va_list more;                               \
        va_start(more, flags);                      \
        mode = va_arg(more, mode_t);                \
        va_end(more);                               \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode);
}
ALSO(open64, open);

int openat(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return opened(folder, path, flags, mode);
}
ALSO(openat64, openat);

int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
ALSO(__open64_2, __open_2);
int __openat_2(int folder, const char *path, int flags) { return opened(folder, path, flags, 0); }
ALSO(__openat64_2, __openat_2);

int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
ALSO(creat64, creat);

FILE *fopen(const char *path, const char *mode) {
    if (strikes_at("open", AT_FDCWD, path) && how != FULL) return fail(), NULL;
    return NEXT(fopen)(path, mode);
}
ALSO(fopen64, fopen);

int mkdir(const char *path, mode_t mode) {
    if (strikes_at("mkdir", AT_FDCWD, path) && !has_room(1)) return fail();
    return NEXT(mkdir)(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    if (strikes_at("mkdir", folder, path) && !has_room(1)) return fail();
    return NEXT(mkdirat)(folder, path, mode);
}

int rename(const char *from, const char *to) {
    if (strikes_at("rename", AT_FDCWD, to) && how != FULL) return fail();
    makes_room(AT_FDCWD, to);
    return NEXT(rename)(from, to);
}

int renameat(int old, const char *from, int new, const char *to) {
    if (strikes_at("rename", new, to) && how != FULL) return fail();
    makes_room(new, to);
    return NEXT(renameat)(old, from, new, to);
}

int renameat2(int old, const char *from, int new, const char *to, unsigned flags) {
    if (strikes_at("rename", new, to) && how != FULL) return fail();
    return NEXT(renameat2)(old, from, new, to, flags);
}

int link(const char *from, const char *to) {
    if (strikes_at("link", AT_FDCWD, to) && !has_room(1)) return fail();
    return NEXT(link)(from, to);
}

int linkat(int old, const char *from, int new, const char *to, int flags) {
    if (strikes_at("link", new, to) && !has_room(1)) return fail();
    return NEXT(linkat)(old, from, new, to, flags);
}

int unlink(const char *path) {
    if (strikes_at("unlink", AT_FDCWD, path) && how != FULL) return fail();
    makes_room(AT_FDCWD, path);
    return NEXT(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags) {
    if (strikes_at("unlink", folder, path) && how != FULL) return fail();
    makes_room(folder, path);
    return NEXT(unlinkat)(folder, path, flags);
}

int rmdir(const char *path) {
    return strikes_at("unlink", AT_FDCWD, path) && how != FULL ? fail() : NEXT(rmdir)(path);
}

int chmod(const char *path, mode_t mode) {
    return strikes_at("chmod", AT_FDCWD, path) && how != FULL ? fail() : NEXT(chmod)(path, mode);
}

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    if (strikes_at("chmod", folder, path) && how != FULL) return fail();
    return NEXT(fchmodat)(folder, path, mode, flags);
}
