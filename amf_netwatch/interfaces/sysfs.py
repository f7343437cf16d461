# SPDX-License-Identifier: Apache-2.0
"""What sysfs tells of a link: its MAC, and whether a device is behind it.

All other facts come from the kernel's answer to one netlink request (`reader` says why). sysfs belongs to
the network namespace that mounted it: after `unshare -n` without a new mount it lists the links of another
namespace. So its listing is compared with the kernel's own list of our namespace before it is believed.
"""

from __future__ import annotations

import _socket  # the C half of `socket`
import os
import stat
from collections.abc import Iterable, Sequence
from errno import EINVAL, ENODEV, ENOENT, ENOTDIR
from typing import Optional

from amf_netwatch.errors import SysfsError

CLASS_NET = "/sys/class/net"
_WORTH_A_LISTING = 50  # links
_ATTEMPTS = 5  # the two lists are not read at one moment: links may come and go in between
_FILE_SIZE = 256  # bytes; the longest link-layer address (MAX_ADDR_LEN, 32 bytes) takes 96
# The link is gone: no such file at open; no device any more, or a closed file, at read.
_GONE = (ENOENT, ENOTDIR, ENODEV, EINVAL)


class Sysfs:
    """The links as one mounted sysfs shows them. Raises OSError when there is no sysfs at `path`."""

    def __init__(self, path: str = CLASS_NET) -> None:
        self.path = path
        self._virtual = os.path.join(path, "../../devices/virtual/net")
        # Lookups below a directory descriptor cost 3 us, whatever else exists; a full path 1 us more.
        self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def shows_our_namespace(self) -> bool:
        """Are the links it lists those of our network namespace?"""
        return any(self._lists_ours() for _ in range(_ATTEMPTS))

    def read(self, name: bytes, attribute: bytes) -> Optional[bytes]:
        """One of a link's files, such as ``address`` or ``speed``, without the newline at its end.

        None: there is no such link, no such file, or the link has no such value now. The file is opened, read
        once and closed. Raises SysfsError when that fails for another reason.
        """
        try:
            file = os.open(b"%s/%s" % (name, attribute), os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
            try:
                content = os.read(file, _FILE_SIZE)
            finally:
                os.close(file)
        except OSError as error:
            if error.errno in _GONE:
                return None
            where = f"{self.path}/{os.fsdecode(name)}/{os.fsdecode(attribute)}"
            raise SysfsError(f"{where}: {error.strerror}") from error
        return content[:-1]

    def read_mac(self, name: bytes) -> Optional[str]:
        """The link-layer address of a link, as the kernel writes it: lower-case colon hex of any length.

        The empty string: the link has none (tun). None: there is no link of this name. Raises SysfsError.
        """
        content = self.read(name, b"address")
        return None if content is None else content.decode("latin-1")  # never anything but ASCII

    def is_physical(self, name: bytes) -> bool:
        """Is a device behind the link? A link that has gone has none; that it goes is an event of its own."""
        return os.access(name + b"/device", os.F_OK, dir_fd=self._directory)

    def physical_among(self, names: Sequence[bytes]) -> set[bytes]:
        """Those of the links that have a device behind them.

        Links without one are all in one directory: one listing (0.2 ms for 1000) instead of a lookup for each
        (4 ms). But a listing slows down with the links of all other namespaces, a lookup does not.
        """
        virtual: Iterable[str] = ()
        if len(names) >= _WORTH_A_LISTING:
            try:
                virtual = os.listdir(self._virtual)
            except OSError:
                virtual = ()  # this layout is not the one that we know, so each link is looked up
        candidates = set(names).difference(map(os.fsencode, virtual))
        return {name for name in candidates if self.is_physical(name)}

    def close(self) -> None:
        """Release the descriptor."""
        os.close(self._directory)

    def _lists_ours(self) -> bool:
        listed = set(map(os.fsencode, os.listdir(self._directory)))
        ours = {os.fsencode(name) for _, name in _socket.if_nameindex()}
        # Beside the links there may be a file: bonding_masters.
        return ours <= listed and all(self._is_file(name) for name in listed - ours)

    def _is_file(self, name: bytes) -> bool:
        try:
            mode = os.lstat(name, dir_fd=self._directory).st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode)
