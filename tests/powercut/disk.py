# SPDX-License-Identifier: Apache-2.0
"""What a disk may hold after a power cut, from what record.c wrote down.

Two kinds of file system are played:

ordered     as ext4 with data=ordered: names, truncations and the like are journalled, so a cut leaves
            a prefix of them; a file grows only after the bytes of the new part are there; bytes that
            overwrite old ones reach the disk in any order or not at all. A sync of a file makes its
            bytes, its size and every older journal entry that concerns it last.
no-journal  as ext2 or FAT: sizes, bytes and the folder's names are independent of each other; a part
            that no byte reached reads as zeros or as what the block held before. A sync of a file
            makes its bytes and size last, a sync of the folder the names.

In both, what is not synced may be lost, kept, or torn at a sector.
"""

import os
import random
import struct
from collections import namedtuple

CREATE, WRITE, TRUNCATE, ALLOCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MARK = range(1, 10)
Entry = namedtuple("Entry", "op file offset data")
ORDERINGS = ("ordered", "no-journal")
# name → (sector, chance that an unsynced sector is there)
WAYS = {"nothing unsynced": (4096, 0.0), "everything": (4096, 1.0), "last write torn": (512, 1.0),
        "pages at random": (4096, 0.5), "sectors at random": (512, 0.5), "few sectors": (512, 0.1),
        "nearly all pages": (4096, 0.9), "last writes only": (4096, None)}


def read_log(path):
    entries = []
    with open(path, "rb") as log:
        data = log.read()
    at = 0
    while at < len(data):
        op, size, file, offset = struct.unpack_from("<IIQQ", data, at)
        entries.append(Entry(op, file, offset, data[at + 24:at + 24 + size]))
        at += 24 + size
    return entries


class File:
    """One inode: its bytes as they are surely on the disk, and what may or may not be."""

    def __init__(self, content=b""):
        self.durable = bytearray(content)
        self.pending = []  # of WRITE, TRUNCATE, ALLOCATE

    def settle(self):
        for entry in self.pending:
            apply(self.durable, entry)
        self.pending = []


def apply(content, entry):
    if entry.op == WRITE:
        end = entry.offset + len(entry.data)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[entry.offset:end] = entry.data
    elif entry.op == TRUNCATE:
        del content[entry.offset:]
        content.extend(bytes(entry.offset - len(content)))
    elif entry.op == ALLOCATE and len(content) < entry.offset:
        content.extend(bytes(entry.offset - len(content)))


class Disk:
    """Takes the entries of a log one by one; `image` is what a cut after the last of them leaves."""

    def __init__(self, folder=None):
        self.names = {}  # as they are surely on the disk: name → File
        self.changes = []  # of names, not surely on the disk yet: (names after it, File concerned)
        self.files = {}  # inode number → File
        self.live = {}
        if folder:
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.names[name] = self.files[os.stat(path).st_ino] = File(file.read())
            self.live = dict(self.names)

    def take(self, entry, ordering):
        op = entry.op
        if op == CREATE:
            self.files[entry.file] = File()
            self.change(self.files[entry.file], {**self.live, entry.data.decode(): self.files[entry.file]})
        elif op in (WRITE, TRUNCATE, ALLOCATE):
            self.files[entry.file].pending.append(entry)
        elif op == RENAME:
            old, new = (part.decode() for part in entry.data.split(b"\0"))
            names = dict(self.live)
            names[new] = names.pop(old)
            self.change(names[new], names)
        elif op == UNLINK:
            names = dict(self.live)
            self.change(names.pop(entry.data.decode()), names)
        elif op == SYNC_FOLDER:
            self.names_last(len(self.changes))
        elif op == SYNC:
            file = self.files[entry.file]
            file.settle()
            if ordering == "ordered":
                mine = [i + 1 for i, (_, one) in enumerate(self.changes) if one is file]
                self.names_last(max(mine, default=0))

    def change(self, file, names):
        self.live = names
        self.changes.append((names, file))

    def names_last(self, count):
        if count:
            self.names = self.changes[count - 1][0]
            del self.changes[:count]

    def image(self, ordering, way, rng):
        """name → bytes. `way` is one of WAYS."""
        sector, chance = WAYS[way]
        if way == "everything":
            names = self.live
        elif way == "nothing unsynced":
            names = self.names
        else:
            names = rng.choice([self.names] + [names for names, _ in self.changes])
        return {name: bytes(self.content(file, ordering, way, sector, chance, rng))
                for name, file in names.items()}

    @staticmethod
    def content(file, ordering, way, sector, chance, rng):
        content = bytearray(file.durable)
        count = len(file.pending)
        first_kept = rng.randrange(count + 1) if chance is None else 0
        coin = (lambda: True) if chance is None else (lambda: chance == 1 or rng.random() < chance)
        for i, entry in enumerate(file.pending):
            if i < first_kept:
                if ordering == "ordered" and entry.op != WRITE:
                    return content  # later sizes do not overtake it in the journal
                continue
            if entry.op != WRITE:
                if coin():
                    apply(content, entry)
                elif ordering == "ordered":
                    return content
            elif way == "last write torn" and i == count - 1:
                cut = rng.randrange(0, len(entry.data) + 1, sector)
                apply(content, entry._replace(data=entry.data[:cut]))
            else:
                write_some(content, entry, ordering, sector, coin, rng)
        return content


def write_some(content, entry, ordering, sector, coin, rng):
    """The sectors of one write that the coin lets through."""
    at, end = entry.offset, entry.offset + len(entry.data)
    while at < end:
        stop = min(end, (at // sector + 1) * sector)
        is_there = coin()
        part = entry.data[at - entry.offset:stop - entry.offset]
        if stop <= len(content) and is_there:
            content[at:stop] = part
        elif stop > len(content) and ordering == "ordered":
            # The file ends before the first new part that is not there.
            if not is_there or at > len(content):
                return
            content[at:stop] = part
        elif stop > len(content) and (is_there or coin()):
            # Without a journal the size may be there and the bytes not.
            content.extend(bytes(max(0, at - len(content))))
            content[at:stop] = part if is_there else rng.choice([bytes(stop - at),
                                                                 rng.randbytes(stop - at)])
        at = stop


def write_image(folder, files):
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
