# SPDX-License-Identifier: Apache-2.0
"""What sysfs says about a link: its MAC, and whether there is a device behind it.

All other facts come from the kernel's answer to one netlink request (`reader` says why). sysfs belongs to
the network namespace that mounted it: after `unshare -n` without a new mount it lists the links of another
namespace. So its listing is first compared with the kernel's own list of our namespace.
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
_ATTEMPTS = 5  # the two lists are read one after the other, and links may come and go in between
_FILE_SIZE = 256  # bytes; the longest link-layer address (MAX_ADDR_LEN, 32 bytes) takes 96
# The link is gone: at open, no such file; at read, no device any more, or a closed file.
_GONE = (ENOENT, ENOTDIR, ENODEV, EINVAL)


class Sysfs:
    """The links as one mounted sysfs shows them. Raises OSError if there is no sysfs at `path`."""

    def __init__(self, path: str = CLASS_NET) -> None:
        self.path = path
        self._virtual = os.path.join(path, "../../devices/virtual/net")
        # Lookups below a directory descriptor cost 3 us, however many links there are; a full path costs 1 us
        # more.
        self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def shows_our_namespace(self) -> bool:
        """Tell whether sysfs lists the links of our network namespace."""
        return any(self._lists_ours() for _ in range(_ATTEMPTS))

    def read(self, name: bytes, attribute: bytes) -> Optional[bytes]:
        """Return one of a link's files, such as ``address`` or ``speed``, without the newline at its end.

        None if there is no such link or file, or if the link has no such value now. The file is opened, read
        once and closed. Raises SysfsError if that fails for another reason.
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
        """Return the link-layer address of a link, as the kernel writes it: lower-case hex with colons.

        It is empty if the link has none (tun), and None if there is no link of this name. Raises SysfsError.
        """
        content = self.read(name, b"address")
        return None if content is None else content.decode("latin-1")  # it is always ASCII

    def is_physical(self, name: bytes) -> bool:
        """Tell whether there is a device behind the link. False if the link is gone, which has its own
        event."""
        return os.access(name + b"/device", os.F_OK, dir_fd=self._directory)

    def physical_among(self, names: Sequence[bytes]) -> set[bytes]:
        """Return those of the links that have a device behind them.

        Links without a device are all in one directory: one listing (0.2 ms for 1000) instead of one lookup
        for each (4 ms). But a listing slows down with the number of links in all other namespaces, and a
        lookup does not.
        """
        virtual: Iterable[str] = ()
        if len(names) >= _WORTH_A_LISTING:
            try:
                virtual = os.listdir(self._virtual)
            except OSError:
                virtual = ()  # the layout of this directory is unknown, so each link is looked up
        candidates = set(names).difference(map(os.fsencode, virtual))
        return {name for name in candidates if self.is_physical(name)}

    def close(self) -> None:
        """Release the descriptor."""
        os.close(self._directory)

    def _lists_ours(self) -> bool:
        listed = set(map(os.fsencode, os.listdir(self._directory)))
        ours = {os.fsencode(name) for _, name in _socket.if_nameindex()}
        # There may be a file next to the links: bonding_masters.
        return ours <= listed and all(self._is_file(name) for name in listed - ours)

    def _is_file(self, name: bytes) -> bool:
        try:
            mode = os.lstat(name, dir_fd=self._directory).st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode)
