"""What Python functions do: files, processes, threads, sockets, timers, memory, a database, an event loop."""

import asyncio, concurrent.futures, ctypes, faulthandler, fcntl, http.server, json, mmap, multiprocessing, os, random, resource
import select, selectors, shutil, signal, socket, sqlite3, ssl, subprocess, tempfile, threading, time, urllib.request, zipfile

place = tempfile.mkdtemp()
os.chdir(place)
with open("file", "wb") as file:
    file.write(b"x" * 10000)
    file.flush(), os.fsync(file.fileno()), os.fdatasync(file.fileno())
    fcntl.flock(file, fcntl.LOCK_EX), fcntl.lockf(file, fcntl.LOCK_UN)
    os.posix_fallocate(file.fileno(), 0, 20000), os.ftruncate(file.fileno(), 5000)
    os.fchmod(file.fileno(), 0o600), os.pwrite(file.fileno(), b"y", 3), os.pwritev(file.fileno(), [b"z"], 4)
    os.fchown(file.fileno(), -1, -1), os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
descriptor = os.open("file", os.O_RDWR)
os.pread(descriptor, 3, 1), os.preadv(descriptor, [bytearray(3)], 1), os.readv(descriptor, [bytearray(3)])
os.writev(descriptor, [b"a", b"b"]), os.lseek(descriptor, 0, 0), os.dup(descriptor), os.dup2(descriptor, 50)
mapped = mmap.mmap(descriptor, 4096); mapped[0] = 1; mapped.flush(); mapped.madvise(mmap.MADV_NORMAL); mapped.resize(4500); mapped.close()
os.copy_file_range(descriptor, os.open("copy", os.O_CREAT | os.O_WRONLY), 100)
os.symlink("file", "symbolic"), os.readlink("symbolic"), os.link("file", "linked"), os.rename("linked", "renamed")
os.mkdir("directory"), os.rmdir("directory"), os.mkfifo("fifo"), os.utime("file"), os.chmod("file", 0o644), os.chown("file", -1, -1)
os.truncate("file", 100), os.access("file", os.R_OK), os.statvfs("."), os.scandir("."), os.listdir("."), os.umask(0o22)
os.listxattr("file"), shutil.copy2("file", "second"), shutil.copytree(".", place + "-tree", ignore=shutil.ignore_patterns("fifo"))
shutil.rmtree(place + "-tree"), zipfile.ZipFile("archive.zip", "w").write("file"), os.unlink("renamed")
try:
    os.getxattr("file", "user.none")
except OSError:
    pass
subprocess.run(["sh", "-c", "echo hello; exit 3"], capture_output=True, start_new_session=True)
subprocess.run(["true"], close_fds=True, cwd="/"), os.system("true"), os.popen("echo x").read()
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0), os.times(), os.getpriority(0, 0), os.nice(1), os.getgroups(), os.getresuid(), os.getsid(0), os.getpgid(0)
os.sched_getaffinity(0), os.sched_yield(), os.cpu_count(), os.uname(), os.getloadavg(), os.urandom(8), os.getrandom(8)
os.sched_get_priority_max(0), os.sched_getscheduler(0), os.sched_getparam(0), os.sched_setaffinity(0, os.sched_getaffinity(0))
resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrusage(resource.RUSAGE_SELF), resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
os.memfd_create("x"), os.eventfd(0) if hasattr(os, "eventfd") else None, os.pidfd_open(os.getpid())
signal.signal(signal.SIGALRM, lambda *_: None), signal.setitimer(signal.ITIMER_REAL, 0.05), signal.pause(), signal.getitimer(0), signal.alarm(0)
signal.signal(signal.SIGUSR1, lambda *_: None), os.kill(os.getpid(), signal.SIGUSR1), signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.kill(os.getpid(), signal.SIGUSR2), signal.sigpending(), signal.sigtimedwait([signal.SIGUSR2], 1), signal.raise_signal(signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1), signal.set_wakeup_fd(-1)
faulthandler.enable(file=open("faults", "w")), faulthandler.disable()
sleeper = subprocess.Popen(["sleep", "0.3"]); time.sleep(0.1); sleeper.send_signal(signal.SIGSTOP), sleeper.send_signal(signal.SIGCONT), sleeper.wait()
os.preadv(descriptor, [bytearray(3)], 1, 0), os.sched_get_priority_min(0), os.getresgid(), signal.pidfd_send_signal(os.pidfd_open(os.getpid()), 0)
child = os.fork() or os._exit(0); os.waitid(os.P_PID, child, os.WEXITED)
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    list(pool.map(lambda n: time.sleep(0.01) or n, range(8)))
with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(abs, [-1, -2])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/file", timeout=5).read()
server.shutdown()
try:
    socket.getaddrinfo("host.invalid", 80)
except OSError:
    pass
one, other = socket.socketpair()
socket.send_fds(one, [b"x"], [0]), socket.recv_fds(other, 1, 1), one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), one.getpeername(), one.shutdown(socket.SHUT_WR)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); datagram.bind(("127.0.0.1", 0)); datagram.sendto(b"x", datagram.getsockname()); datagram.recvfrom(9)
six = socket.socket(socket.AF_INET6); six.close()
select.select([], [], [], 0.001), select.poll().poll(1)
poller = select.epoll(); poller.register(datagram, select.EPOLLIN); poller.poll(0.001)
database = sqlite3.connect("database"); database.execute("pragma journal_mode=wal"); database.execute("create table t (x)"); database.execute("insert into t values (1)"); database.commit()
ssl.create_default_context(), ctypes.CDLL(None).getpid(), random.random(), json.dumps({}), time.monotonic(), time.clock_getres(time.CLOCK_MONOTONIC)


async def main():
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    reader, _ = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.read()
    await asyncio.gather(asyncio.sleep(0.01), asyncio.to_thread(time.sleep, 0.01))


asyncio.run(main())
os.chdir("/"), shutil.rmtree(place)
print("done")
