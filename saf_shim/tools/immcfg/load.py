# SPDX-License-Identifier: Apache-2.0
"""immcfg -f and -L: puts the classes and objects of an XML file into IMM, or only reads them.

Classes are created at once. Objects go into one CCB, which is applied at the end of the file. Classes and
objects that exist already are compared (classes completely, objects by their class) and skipped.
"""

from __future__ import annotations

import os
import pyexpat
import stat

from imm_model.classes import FILE_FLAGS, AttributeDefinition, AttributeFlag, Category
from imm_model.types import ValueType, encode_text
from saf_shim.codes import Code
from saf_shim.tools import command
from saf_shim.tools.imm.client import Attribute, ClassDescription, ImmError
from saf_shim.tools.imm.formatting import describe_code
from saf_shim.tools.immcfg.ccb import Bundle
from saf_shim.tools.immcfg.classfile import Outcome, Target, read_file, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_CLASS_NAME = "SaImmAttrClassName"
_ADDED = "SaImmAttr"  # the names of the attributes that IMM adds to every class begin with this
_SCHEMA_FAILED = "Failed to load XML schema"


def load_file(bundle: Bundle, path: str, schema_path: Optional[str], strict: bool) -> int:
    """Load the file into IMM and return the exit status. In a transaction its CCB stays open."""
    bundle.chat(f"file: {path} adminOwner: {bundle.owner_name}")
    if not bundle.is_open:
        try:
            bundle.open()
        except ImmError as error:
            command.complain(f"Failed to initialize the IMM OM interface ({describe_code(error.code)})")
            return 1
    status = _read(path, Loader(bundle, schema_path), strict)
    if not bundle.transaction:
        _finalize(bundle)
    return status


def check_file(bundle: Bundle, path: str, strict: bool) -> int:
    """Read the file like `load_file`, but without IMM. Return the exit status."""
    return _read(path, Checker(bundle), strict)


def _read(path: str, target: Checker, strict: bool) -> int:
    try:
        outcome = read_file(path, target, strict)
    except OSError:
        command.complain(f"Cannot open '{path}'")
        return 1
    return 1 if outcome in (Outcome.REFUSED, Outcome.EMPTY) else 0


def _finalize(bundle: Bundle) -> None:
    imm = bundle.imm
    try:
        step = "Failed to finalize the ccb object connection"
        if bundle.ccb is not None:
            imm.finalize_ccb(bundle.ccb)
        step = "Failed on saImmOmAdminOwnerFinalize"
        if bundle.owner:
            imm.finalize_owner(bundle.owner)
        step = "Failed on saImmOmFinalize"
        imm.finalize()
    except ImmError as error:
        command.complain(f"{step} ({describe_code(error.code)})")


class Checker(Target):
    """Reads a file's contents without IMM: every value is a string, and every object is new."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.is_verbose = bundle.verbose
        self._owned: set[str] = set()  # parents that we own, and objects that we created

    def create_class(
        self,
        name: str,
        category: Optional[Category],
        attributes: tuple[AttributeDefinition, ...],
    ) -> None:
        """With --verbose, print that the class would be created."""
        self.bundle.chat(f"CREATING IMM CLASS {name}")

    def create_object(self, class_name: str, dn: str, attributes: tuple[Attribute, ...]) -> None:
        """Remember that the object will exist."""
        self.bundle.chat(f"CREATE IMM OBJECT {class_name}, {dn}")
        _, parent = split_parent(dn)
        self.own_parent(parent)
        self.insert(class_name, dn, attributes)
        self._owned.add(dn)

    def note_longer_value(self, value: str) -> None:
        """Print how many bytes the value has. Its NUL at the end counts, as in C."""
        self.bundle.chat(f"APPENDED NEW VALUE newsize {len(encode_text(value)) + 1} {value}")

    def own_parent(self, parent: str) -> None:
        """Set our owner on the parent, but only once."""
        if not parent:
            self.bundle.chat("  This is a root object, no need to call saImmOmAdminOwnerSet")
        elif parent in self._owned:
            self.bundle.chat(
                f"  Already called saImmOmAdminOwnerSet on parent (or parent of parent) '{parent}'"
            )
        else:
            self.set_owner(parent)
            self._owned.add(parent)

    def set_owner(self, parent: str) -> None:
        """Do nothing: without IMM there is nothing to own."""

    def insert(self, class_name: str, dn: str, attributes: tuple[Attribute, ...]) -> None:
        """Do nothing: without IMM there is nothing to create."""


class Loader(Checker):
    """Puts a file's contents into IMM."""

    def __init__(self, bundle: Bundle, schema_path: Optional[str]) -> None:
        super().__init__(bundle)
        self._schema_path = schema_path
        self._types: dict[str, dict[str, ValueType]] = {}
        self._rdns: dict[str, tuple[str, ValueType]] = {}
        self._has_objects = False

    def begin_contents(self, schema: Optional[str]) -> frozenset[str]:
        """Return the flags of the schema that --xsd names."""
        if self._schema_path is None:
            return frozenset()
        return read_schema_flags(self._schema_path, schema)

    def end_contents(self) -> None:
        """Apply the CCB. In a transaction, leave it open."""
        bundle = self.bundle
        if bundle.transaction or bundle.ccb is None:
            return
        try:
            bundle.imm.apply_ccb(bundle.ccb)
        except ImmError as error:
            refuse(f"Failed to apply object creations {describe_code(error.code)}")

    # Classes

    def begin_class(self) -> None:
        """Refuse a class that comes after an object."""
        if self._has_objects:
            refuse("CLASS TAG AT INVALID PLACE IN XML")

    def create_class(
        self, name: str, category: Optional[Category], attributes: tuple[AttributeDefinition, ...]
    ) -> None:
        """Create the class. An existing class must be the same."""
        super().create_class(name, category, attributes)
        if category is None:
            refuse("NO CLASS CATEGORY")
        description = ClassDescription(name, category, attributes)
        try:
            self.bundle.imm.create_class(description)
        except ImmError as error:
            if error.code != Code.ERR_EXIST:
                refuse(f"FAILED to create class '{name}', rc = {describe_code(error.code)}")
            self._compare_class(description)

    def _compare_class(self, new: ClassDescription) -> None:
        self.bundle.chat(f"Class {new.name} already exist, verifying...")
        try:
            old = self.bundle.imm.describe_class(new.name)
        except ImmError as error:
            refuse(f"FAILED to get IMM class description for '{new.name}', rc = {describe_code(error.code)}")
        if old.category != new.category:
            refuse(f"FAILED: Class category differ for '{new.name}'")
        present = [attribute for attribute in old.attributes if not attribute.name.startswith(_ADDED)]
        if len(present) != sum(not attribute.name.startswith(_ADDED) for attribute in new.attributes):
            refuse(f"FAILED: Number of attribute definitions differ for '{new.name}'")
        for attribute in present:
            other = new.attribute(attribute.name)
            if other is None:
                refuse(f"FAILED: Attribute '{attribute.name}' missing in loaded class '{new.name}'")
            difference = _differing_part(attribute, other)
            if difference:
                refuse(f"FAILED: {difference} mismatch for attribute '{attribute.name}'")
        self.bundle.chat(f"Class '{new.name}' OK")

    def note_attribute(self, class_name: str, name: str, kind: ValueType) -> None:
        """Remember the type. The file's type has priority over IMM's."""
        self._types.setdefault(class_name, {})[name] = kind

    def note_rdn(self, class_name: str, name: str, kind: ValueType) -> None:
        """Remember the RDN. The first definition counts."""
        self._rdns.setdefault(class_name, (name, kind))

    def type_of(self, class_name: str, name: str) -> ValueType:
        """Return the attribute's type, from the file or from IMM."""
        if class_name not in self._types:
            self._fetch(class_name)
        kind = self._types[class_name].get(name)
        if kind is None:
            refuse(f"NO CORRESPONDING ATTRIBUTE {name} in class {class_name}")
        return kind

    def _fetch(self, class_name: str) -> None:
        try:
            description = self.bundle.imm.describe_class(class_name)
        except ImmError as error:
            refuse(
                f"Failed to fetch class description for {class_name} loaded in IMM, "
                f"error code:{int(error.code)}"
            )
        self.bundle.chat(f"Read class description from IMM: {class_name}")
        types = self._types.setdefault(class_name, {})
        for attribute in description.attributes:
            types[attribute.name] = attribute.type
            if attribute.flags & AttributeFlag.RDN:
                self._rdns[class_name] = (attribute.name, attribute.type)

    # Objects

    def begin_object_end(self) -> None:
        """Open owner and CCB before the first object is created."""
        if self._has_objects:
            return
        self._has_objects = True
        bundle = self.bundle
        try:
            bundle.open_owner()
        except ImmError as error:
            refuse(f"Failed on saImmOmAdminOwnerInitialize {describe_code(error.code)}")
        try:
            bundle.ccb = bundle.initialize_ccb()
        except ImmError as error:
            refuse(f"Failed to initialize ImmOmCcb {describe_code(error.code)}")

    def set_owner(self, parent: str) -> None:
        """Set our owner on an object below which others will be created."""
        bundle = self.bundle
        bundle.chat(f"  Calling saImmOmAdminOwnerSet on parent '{parent}'")
        try:
            bundle.imm.set_owner(bundle.owner, [parent])
        except ImmError as error:
            refuse(
                f"Failed to call saImmOmAdminOwnerSet on parent: '{parent}' , rc =  "
                + describe_code(error.code)
            )

    def create_object(self, class_name: str, dn: str, attributes: tuple[Attribute, ...]) -> None:
        """Create the object. Skip it if it exists and has the same class."""
        try:
            super().create_object(class_name, dn, attributes)
        except ImmError as error:
            if error.code == Code.ERR_NOT_EXIST and self.bundle.safe:
                refuse(
                    f"NOTEXIST({int(Code.ERR_NOT_EXIST)}): missing parent, class, implementer or invalid "
                    "attribute names (see also immcfg -h under '--unsafe')"
                )
            if error.code != Code.ERR_EXIST:
                refuse(f"FAILED to create object of class '{class_name}', rc = {describe_code(error.code)}")
            self._compare_object(class_name, dn)

    def insert(self, class_name: str, dn: str, attributes: tuple[Attribute, ...]) -> None:
        """Create the object in the CCB. May raise ImmError."""
        bundle = self.bundle
        rdn, parent = split_parent(dn)
        if class_name not in self._rdns:
            self._fetch(class_name)
        name, kind = self._rdns[class_name]
        assert bundle.ccb is not None
        values = [*attributes, Attribute(name, kind, (rdn,))]
        bundle.imm.create_object(bundle.ccb, class_name, parent or None, values)

    def _compare_object(self, class_name: str, dn: str) -> None:
        imm = self.bundle.imm
        self.bundle.chat(f"OBJECT {dn} already exist, verifying...")
        try:
            accessor = imm.initialize_accessor()
            found = imm.get_object(accessor, dn)
            imm.finalize_accessor(accessor)
        except ImmError as error:
            refuse(f"FAILED: {error.call} failed: {describe_code(error.code)}")
        present = str(next(attribute for attribute in found if attribute.name == _CLASS_NAME).values[0])
        if present != class_name:
            refuse(
                f"FAILED: '{dn}' of class '{class_name}' is not of the same class as an existing object "
                f"of class '{present}'"
            )
        self.bundle.chat(f"OBJECT '{dn}' OK")


def split_parent(dn: str) -> tuple[str, str]:
    """Split a DN into RDN and parent at the first unescaped comma; the parent is "" if there is none. A
    parent of one character does not count, and stays with the RDN."""
    comma = dn.find(",")
    while comma > 0 and dn[comma - 1] == "\\":
        comma = dn.find(",", comma + 1)
    if comma < 0 or len(dn) - comma - 1 <= 1:
        return dn, ""
    return dn[:comma], dn[comma + 1 :]


def _differing_part(one: AttributeDefinition, other: AttributeDefinition) -> str:
    """Return the name, as in the error line, of the first part in which two definitions differ."""
    if one.flags != other.flags:
        return "attrFlags"
    if (one.default is None) != (other.default is None):
        return "attrDefaultValue"
    if one.type != other.type:
        return "attrValueType"
    return "" if one.default == other.default else "attrDefaultValue"


def read_schema_flags(path: str, schema: Optional[str]) -> frozenset[str]:
    """Return the attribute flags that a schema knows. `path` is the schema file, or a folder with the file
    that the XML names as its `schema`."""
    path = _find_schema(path, schema)
    prefix, found, stack = "xs:", [], [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        stack.append(f"{stack[-1]}/{name.replace(prefix, '', 1)}")
        if name == f"{prefix}simpleType" and attributes.get("name") == "attr-flags":
            stack[-1] = "flags"
        elif stack[-1] == "flags/restriction/enumeration" and "value" in attributes:
            found.append(attributes["value"])

    parser = pyexpat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop() and None
    try:
        with open(path, "rb") as handle:
            parser.ParseFile(handle)
    except (OSError, pyexpat.ExpatError) as error:
        refuse(f"{path}: {error}", _SCHEMA_FAILED)
    return frozenset(flag for flag in found if flag not in FILE_FLAGS)


def _find_schema(path: str, schema: Optional[str]) -> str:
    mode = _mode_of(path, f"{path} does not exist")
    if stat.S_ISREG(mode):
        return path
    if not stat.S_ISDIR(mode):
        refuse(f"{path} is not a file or directory", _SCHEMA_FAILED)
    if schema is None:
        refuse("Schema is not defined in XML file", _SCHEMA_FAILED)
    inside = os.path.join(path, schema)
    if not stat.S_ISREG(_mode_of(inside, f"XSD file {path} does not exist")):
        refuse(f"Schema {inside} is not a file", _SCHEMA_FAILED)
    return inside


def _mode_of(path: str, missing: str) -> int:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        refuse(missing, _SCHEMA_FAILED)
    except OSError as error:
        refuse(f"stat of {path} return error: {error.errno}", _SCHEMA_FAILED)
