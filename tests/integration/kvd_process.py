"""A kvd for one test: started on a free port, and stopped.

    with KvdProcess(bin_folder, "--publish-interval", "20ms") as kvd:
        channel = grpc.insecure_channel(kvd.endpoint)

Lifetime: leaving the block kills it if it still runs; stop() lets it drain and returns its exit code.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time

START_SECONDS = 60  # for a build with sanitizers on a loaded machine
STOP_SECONDS = 60


class KvdProcess:
    def __init__(self, bin_folder, *flags, environment=None):
        self._process = subprocess.Popen(
            [os.path.join(bin_folder, "kvd"), "--listen", "127.0.0.1:0", "--log-format", "json", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**clean_environment(), **(environment or {})},
        )
        self._lines = queue.Queue()
        self.log = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self.endpoint = self._wait_until_serving()
        except BaseException:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.poll() is None

    def terminate(self):
        self._process.send_signal(signal.SIGTERM)

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def wait(self, seconds=STOP_SECONDS):
        return self._process.wait(seconds)

    def stop(self):
        """SIGTERM, and the exit code."""
        self.terminate()
        return self.wait()

    def _read_log(self):
        with self._process.stdout as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip("\n")
                self.log.append(text)
                self._lines.put(text)
        self._lines.put(None)

    def _wait_until_serving(self):
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise RuntimeError("kvd does not serve; it said:\n" + "\n".join(self.log))
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("message") == "serving":
                return entry["listen"]


def clean_environment():
    """The environment of this process, without what would configure kvd or kvctl."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("FLASHKV_", "KVCTL_"))}
