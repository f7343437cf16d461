# SPDX-License-Identifier: Apache-2.0
"""immcfg's changes: one configuration change bundle, its administrative owner, and what goes into it.

A `Bundle` is what immcfg has open. The C tool keeps the same in global variables, and what a failed step
leaves behind decides what the next step prints. A refused step prints its reason on standard error and raises
`StepError`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from imm_model.classes import AttributeDefinition
from imm_model.types import Value
from saf_shim.codes import Code
from saf_shim.tools import command
from saf_shim.tools.imm.client import (
    Attribute,
    CcbFlag,
    ClassDescription,
    ImmClient,
    ImmError,
    Modification,
    ModificationType,
    Scope,
)
from saf_shim.tools.imm.formatting import describe_code
from saf_shim.tools.imm.values import ConversionError, parse_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

_CLASS_NAME = "SaImmAttrClassName"
NO_HANDLE = 0
_MODIFICATION_SIGNS = {"+": ModificationType.ADD, "-": ModificationType.DELETE}


class StepError(Exception):
    """A step was refused. The reason has been printed on standard error."""


class _ValueError(Exception):
    """An assignment is wrong. The arguments are lines that say why."""


class Bundle:
    """The state of one immcfg process. `imm` can be used after IMM has been reached."""

    def __init__(self) -> None:
        self.verbose = False
        self.safe = True  # False with --unsafe; refuses changes of objects whose implementer is not attached
        self.transaction = False  # commands come from standard input, and share one CCB
        self.owner_name: Optional[str] = None
        self.owner = NO_HANDLE
        self.owner_created = False  # in a transaction: `owner` is open
        self.ccb: Optional[int] = None
        self.tries = 60
        self._imm: Optional[ImmClient] = None

    @property
    def imm(self) -> ImmClient:
        """Return the OM handle that `open` has made."""
        assert self._imm is not None
        return self._imm

    @property
    def is_open(self) -> bool:
        """Tell whether `open` has been called."""
        return self._imm is not None

    def open(self) -> None:
        """Open the OM handle (saImmOmInitialize). May raise ImmError."""
        self._imm = ImmClient(self.tries)

    def open_owner(self) -> None:
        """Open an owner with the present name, which releases its objects at its end. May raise ImmError."""
        assert self.owner_name is not None
        self.owner = self.imm.initialize_owner(self.owner_name, release_on_finalize=True)

    def open_ccb(self) -> int:
        """Return the open CCB. Open one if there is none."""
        if self.ccb is None:
            with refusal("saImmOmCcbInitialize FAILED:"):
                self.ccb = self.initialize_ccb()
        return self.ccb

    def initialize_ccb(self) -> int:
        """Open a CCB (saImmOmCcbInitialize). May raise ImmError."""
        flags = CcbFlag.REGISTERED_OI | CcbFlag.ALLOW_NULL_OI if self.safe else CcbFlag(0)
        return self.imm.initialize_ccb(self.owner, flags)

    def chat(self, line: str) -> None:
        """Print `line` on standard error if --verbose was given."""
        if self.verbose:
            command.complain(line)

    def _report(self, error: ImmError, hint: bool = False) -> None:
        """Print the texts of IMM and the implementers about a refused step of the CCB. If there is no text
        and `hint` is set, print what may be missing."""
        assert self.ccb is not None
        failure = ""
        try:
            texts = self.imm.get_error_strings(self.ccb)
        except ImmError as second:
            texts, failure = [], f"saImmOmCcbGetErrorStrings failed: {describe_code(second.code)}"
        for text in texts:
            command.complain(f"OI reports: {text}")
        if not texts:
            if hint and error.code == Code.ERR_NOT_EXIST and self.safe:
                command.complain(
                    "Missing: implementer, or object, or attribute (see: immcfg -h under '--unsafe')"
                )
            if failure:
                command.complain(failure)

    @contextmanager
    def refusal_of_change(self, words: str) -> Iterator[None]:
        """Turn IMM's refusal of a change into a `StepError`, and print the texts of IMM and implementers."""
        try:
            yield
        except ImmError as error:
            command.complain(f"error - {words} {describe_code(error.code)}")
            self._report(error, hint=True)
            raise StepError from None

    def apply(self) -> None:
        """Apply the CCB. May raise StepError."""
        assert self.ccb is not None
        try:
            self.imm.apply_ccb(self.ccb)
        except ImmError as error:
            if error.code == Code.ERR_TIMEOUT:
                command.complain("saImmOmCcbApply returned SA_AIS_ERR_TIMEOUT, result for CCB is unknown")
            else:
                command.complain(f"error - saImmOmCcbApply FAILED: {describe_code(error.code)}")
            self._report(error)
            raise StepError from None

    def finalize_ccb(self) -> None:
        """Close the CCB. Changes that were not applied are dropped. May raise StepError."""
        assert self.ccb is not None
        with refusal("saImmOmCcbFinalize FAILED:"):
            self.imm.finalize_ccb(self.ccb)

    def commit(self) -> None:
        """Serve --ccb-apply: apply the CCB, and be ready for a new one."""
        if self.ccb is not None:
            self.apply()
            self._close()

    def abort(self) -> None:
        """Serve --ccb-abort: drop the CCB, and be ready for a new one."""
        if self.ccb is not None:
            self._close()

    def validate(self) -> None:
        """Serve --ccb-validate: let IMM and the implementers check the CCB. It takes no changes
        afterwards."""
        if self.ccb is not None:
            try:
                self.imm.validate_ccb(self.ccb)
            except ImmError as error:
                command.complain(f"error - saImmOmCcbValidate FAILED: {describe_code(error.code)}")
                self._report(error)
                raise StepError from None

    def finalize(self) -> None:
        """Close the OM handle. May raise StepError."""
        with refusal("saImmOmFinalize FAILED:"):
            self.imm.finalize()

    def finalize_owner(self) -> None:
        """Close the owner's handle. May raise StepError."""
        with refusal("saImmOmAdminOwnerFinalize FAILED:"):
            self.imm.finalize_owner(self.owner)

    def _close(self) -> None:
        """Finalize the CCB and its owner, and forget both, whatever IMM answers."""
        try:
            try:
                self.finalize_ccb()
            finally:
                self.finalize_owner()
        finally:
            self.owner_created = False
            self.owner_name = None
            self.ccb = None


def create_objects(bundle: Bundle, class_name: str, dns: Sequence[str], assignments: Sequence[str]) -> None:
    """Create `dns` in the CCB. All get the attributes of the `assignments` (``name=value``)."""
    with refusal("saImmOmClassDescriptionGet_2. FAILED:"):
        description = bundle.imm.describe_class(class_name)
    given: list[Attribute] = []
    for number, assignment in enumerate(assignments):
        bundle.chat(f"object_create optargs[{number}]: '{assignment}'")
        with refusal_of_value(f"error - creating attribute from '{assignment}'"):
            definition, value = _read_new_value(bundle, description, assignment, is_rdn=False)
        _add(given, definition, value)
    ccb = bundle.open_ccb()
    # An object without a parent is created below the parent of the object before it, as in the C tool.
    parent: Optional[str] = None
    for dn in dns:
        rdn, own_parent = _split_parent(dn)
        if own_parent is not None:
            parent = own_parent
            bundle.chat(f"call saImmOmAdminOwnerSet for parent: {parent}")
            _set_owner(bundle, [parent], f"error - parent '{parent}' does not exist")
        bundle.chat(f"object_create rdn attribute attrValues[{len(given)}]: '{rdn}' ")
        with refusal_of_value(f"error - creating rdn attribute from '{rdn}'"):
            definition, value = _read_new_value(bundle, description, rdn, is_rdn=True)
        values = [*given, Attribute(definition.name, definition.type, (value,))]
        with bundle.refusal_of_change("saImmOmCcbObjectCreate_2 FAILED with"):
            bundle.imm.create_object(ccb, class_name, parent, values)


def modify_objects(bundle: Bundle, dns: Sequence[str], assignments: Sequence[str]) -> None:
    """Modify `dns` in the CCB. The class of the first object gives the types."""
    modifications: list[Modification] = []
    for assignment in assignments:
        with refusal_of_value(f"error - creating attribute from '{assignment}'"):
            definition, modification = _read_modification(bundle, dns[0], assignment)
        _join(modifications, modification, definition)
    _set_owner(bundle, dns, f"error - object '{dns[0]}' does not exist")
    ccb = bundle.open_ccb()
    for dn in dns:
        with bundle.refusal_of_change("saImmOmCcbObjectModify_2 FAILED:"):
            bundle.imm.modify_object(ccb, dn, modifications)


def delete_objects(bundle: Bundle, dns: Sequence[str]) -> None:
    """Delete `dns` and all objects below them in the CCB."""
    _set_owner(bundle, dns, "error - object does not exist", Scope.SUBTREE)
    ccb = bundle.open_ccb()
    for dn in dns:
        with bundle.refusal_of_change(f"saImmOmCcbObjectDelete for '{dn}' FAILED:"):
            bundle.imm.delete_object(ccb, dn)


@contextmanager
def refusal(words: str) -> Iterator[None]:
    """Turn IMM's refusal inside the block into a `StepError`, and print ``error - WORDS CODE``."""
    try:
        yield
    except ImmError as error:
        if error.reason:
            command.complain(error.reason)
        stop(f"error - {words} {describe_code(error.code)}")


@contextmanager
def refusal_of_value(line: str) -> Iterator[None]:
    """After a `_ValueError` inside the block, print its own lines and then `line`, and raise `StepError`."""
    try:
        yield
    except _ValueError as error:
        for said in error.args:
            command.complain(said)
        stop(line)
    except ConversionError as error:
        (sys.stdout if error.too_large else sys.stderr).write(f"{error}\n")
        stop(line)


def stop(line: str) -> NoReturn:
    """Print `line` and raise `StepError`."""
    command.complain(line)
    raise StepError


def _set_owner(bundle: Bundle, dns: Sequence[str], missing: str, scope: Scope = Scope.ONE) -> None:
    with refusal("saImmOmAdminOwnerSet FAILED:"):
        try:
            bundle.imm.set_owner(bundle.owner, dns, scope)
        except ImmError as error:
            if error.code == Code.ERR_NOT_EXIST:
                stop(missing)
            raise


def _add(attributes: list[Attribute], definition: AttributeDefinition, value: Value) -> None:
    """Add `value` to the other values of a multi-valued attribute. IMM refuses other repetitions."""
    for place, attribute in enumerate(attributes):
        if definition.is_multi and attribute.name == definition.name:
            attributes[place] = attribute._replace(values=(*attribute.values, value))
            return
    attributes.append(Attribute(definition.name, definition.type, (value,)))


def _join(modifications: list[Modification], new: Modification, definition: AttributeDefinition) -> None:
    """Add a modification to the others of its attribute. They must be of the same kind and have values."""
    for place, present in enumerate(modifications):
        if definition.is_multi and present.name == new.name:
            if present.how != new.how:
                stop("error - Only one Modify operation type is supported for attribute")
            if not new.values:
                stop(f"error Empty value is used for adding Multi value attribute {new.name}")
            modifications[place] = present._replace(values=present.values + new.values)
            return
    modifications.append(new)


def _split_parent(dn: str) -> tuple[str, Optional[str]]:
    """Split a DN at its first unescaped comma. Return RDN and parent (None if there is no parent)."""
    comma = dn.find(",")
    while comma > 0 and dn[comma - 1] == "\\":
        comma = dn.find(",", comma + 2)
    return (dn, None) if comma < 0 else (dn[:comma], dn[comma + 1 :])


def _read_new_value(
    bundle: Bundle, description: ClassDescription, text: str, is_rdn: bool
) -> tuple[AttributeDefinition, Value]:
    """Return the attribute and value of ``name=value`` for a new object. The value of an RDN is the whole
    text."""
    name, equal, value = text.partition("=")
    if not equal:
        raise _ValueError(f"The Attribute '{text}' does not contain a equal sign ('=')")
    value = text if is_rdn else value
    bundle.chat(f"new_attr_value attrValue->attrName: '{name}' value:'{value}'")
    definition = description.attribute(name)
    if definition is None:
        raise _ValueError(f"Attribute '{name}' does not exist in class")
    return definition, parse_argument(value, definition.type)


def _read_modification(bundle: Bundle, dn: str, text: str) -> tuple[AttributeDefinition, Modification]:
    """Return the modification that ``name=value``, ``name+=value`` or ``name-=value`` means for the
    object."""
    description = _describe_object(bundle, dn)
    name, equal, value = text.partition("=")
    if not equal:
        raise _ValueError
    how = _MODIFICATION_SIGNS.get(name[-1:])
    if how is None:
        how = ModificationType.REPLACE
    else:
        name = name[:-1]
    definition = description.attribute(name)
    if definition is None:
        raise _ValueError(f"Attribute '{name}' does not exist")
    values = (parse_argument(value, definition.type),) if value else ()
    return definition, Modification(how, name, definition.type, values)


def _describe_object(bundle: Bundle, dn: str) -> ClassDescription:
    """Return the class of an object that exists or that the CCB has created."""
    imm = bundle.imm
    accessor = imm.initialize_accessor()
    try:
        found = imm.get_object(accessor, dn, [_CLASS_NAME])
    except ImmError as error:
        if error.code != Code.ERR_NOT_EXIST or bundle.ccb is None:
            raise _ValueError(f"Object with DN '{dn}' does not exist") from None
        try:
            found = imm.read_ccb_object(bundle.ccb, dn, [_CLASS_NAME])
        except ImmError:
            raise _ValueError(f"Object with DN '{dn}' does not exist") from None
    finally:
        imm.finalize_accessor(accessor)
    try:
        return imm.describe_class(str(found[0].values[0]))
    except ImmError as error:
        line = f"error - saImmOmClassDescriptionGet_2. FAILED: {describe_code(error.code)}"
        raise _ValueError(line) from None
