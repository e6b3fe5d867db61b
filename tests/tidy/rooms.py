"""Which room may include what, inside storage and inside server: the arrows of ARCHITECTURE.md."""

import re

from source import Finding

# What the rooms of storage are built from; an engine is named by its folder, any of them by "engine/".
BELOW_ENGINES = {"table", "reclaim", "record", "sync"}
STORAGE = {
    "sync": set(),
    "record": {"sync"},
    "reclaim": {"record", "sync"},
    "table": {"record", "reclaim", "sync"},
    "request": {"record", "sync"},
    "order": {"table", "request", "record", "reclaim", "sync"},
    "expiry": {"table", "request", "record", "sync"},
    "watch": {"request", "record", "reclaim", "sync"},
    "journal": {"request", "record", "sync"},
    "apply": {"order", "expiry", "watch", "journal", "table", "request", "record", "reclaim", "sync"},
    "writer": {"apply", "expiry", "watch", "journal", "table", "request", "record", "reclaim", "sync"},
    "parts": BELOW_ENGINES,
    "engine/": {"parts", *BELOW_ENGINES},
    # It says why it makes no engine in the words that every refusal has.
    "registry": {"engine/", "table", "request"},
    # The door shows what its callers hold in their hands.
    "door": {"registry", "writer", "apply", "order", "watch", "journal", "table", "request", "record", "sync"},
}

# "storage:" names a room of storage that a room of server may see; the rest of storage is behind the door.
SERVER = {
    "process": set(),
    "config": {"process"},
    "service": {"config", "process"},
    "front": {"service", "config", "process"},
    "main": {"front", "front/", "service", "config", "process"},
    "front/": {"front", "service", "config", "process"},
}
OPEN_TO_SERVER = {"door", "registry", "watch", "request", "record", "sync"}

_INCLUDE = re.compile(r'^\s*#\s*include\s*"((storage|server)/[^"]+)"')


def room_of(path):
    """(folder, room) of a source; an engine's room is engine/NAME, a front's front/NAME."""
    folder, *parts = path.split("/")
    if len(parts) == 1:
        return folder, "door" if folder == "storage" else "main"
    if folder == "storage" and parts[0] == "engine":
        if len(parts) == 2:
            return folder, "registry"
        return folder, "parts" if parts[1] == "parts" else f"engine/{parts[1]}"
    if folder == "server" and parts[0] == "front" and len(parts) > 2:
        return folder, f"front/{parts[1]}"
    return folder, parts[0]


def _kind(room):
    """A room as the tables above name it: all engines are one kind, and so are all fronts."""
    return re.sub(r"^(engine|front)/.+", r"\1/", room)


def _allowed(from_folder, from_room, to_folder, to_room):
    if (from_folder, from_room) == (to_folder, to_room):
        return True
    if from_folder == to_folder:
        table = STORAGE if from_folder == "storage" else SERVER
        return _kind(to_room) in table.get(_kind(from_room), set())
    return from_folder == "server" and to_room in OPEN_TO_SERVER


def check_rooms(tree):
    """Inside storage and server an include points only where the rooms allow."""
    for path in tree.with_suffix(".h", ".cc"):
        if not path.startswith(("storage/", "server/")):
            continue
        here = room_of(path)
        for number, line in enumerate(tree.lines(path), 1):
            match = _INCLUDE.match(line)
            there = match and room_of(match.group(1))
            if match and not _allowed(*here, *there):
                yield Finding(path, number, f"{here[0]}'s room {here[1]} must not include {match.group(1)}")


def check_rooms_are_known(tree):
    """Every folder of storage and server is a room with arrows of its own."""
    for path in tree.with_suffix(".h", ".cc"):
        if path.startswith(("storage/", "server/")):
            folder, room = room_of(path)
            if _kind(room) not in (STORAGE if folder == "storage" else SERVER):
                yield Finding(path, 1, f"{room} is no room of {folder}: name its arrows in tests/tidy/rooms.py")
