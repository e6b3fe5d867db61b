"""A data folder on a disk that fails when told to and, like one whose machine loses power, forgets what was not synced.

    disk = FaultyDisk(bin_folder, folder)
    kvd = KvdProcess(bin_folder, "--data-dir", disk.data, environment=disk.environment)
    disk.fail("S");  disk.work()
    kvd.kill();  disk.lose_power(random)
"""

import os


class FaultyDisk:
    def __init__(self, bin_folder, folder):
        self.data = os.path.join(folder, "data")
        self._faults = os.path.join(folder, "faults")
        self._synced = os.path.join(folder, "synced")
        self.environment = {
            "LD_PRELOAD": os.path.join(bin_folder, "libdisk_faults.so"),
            "DISK_FAULTS_FOLDER": self.data,
            "DISK_FAULTS_CONTROL": self._faults,
            "DISK_FAULTS_SYNCED": self._synced,
        }
        self.work()

    def fail(self, how):
        """S = no space left, E = input/output error."""
        with open(self._faults, "w", encoding="ascii") as faults:
            faults.write(how)

    def work(self):
        self.fail("-")

    def lose_power(self, random):
        """Cuts each file of the journal's log somewhere behind what was synced of it. How many bytes went."""
        synced = {}
        if os.path.exists(self._synced):
            with open(self._synced, encoding="utf-8") as lines:
                for line in lines:
                    size, path = line.rstrip("\n").split(" ", 1)
                    synced[path] = int(size)
        lost = 0
        journal = os.path.join(self.data, "journal")
        for name in os.listdir(journal):
            path = os.path.join(journal, name)
            if not name.endswith(".log"):
                continue
            size = os.path.getsize(path)
            kept = random.randint(min(synced.get(path, 0), size), size)
            os.truncate(path, kept)
            lost += size - kept
        return lost
