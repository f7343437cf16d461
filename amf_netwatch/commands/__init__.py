# SPDX-License-Identifier: Apache-2.0
"""The commands of ``amf-netwatch``, one module a subcommand.

Every module here has the same shape: ``main(arguments) -> int`` gets the words after the command's name and
returns the exit status. A command that uses argparse also has ``make_parser()``, so that tests and tools can
read its options. The table in `amf_netwatch.cli` says which module belongs to which word.

A command reads options, calls the rooms below and prints what they return. Functions that a library user or a
test could want without a command line do not belong here, but to `deployment`, `publication`, `demo`,
`component` or `netlink`.

Read in this order: `shape` (exit statuses, output, options that several commands have), `classes`, `model`
and `campaign` (what an operator loads), `show`, `demo`, then the commands that AMF starts: `run`,
`instantiate` and `cleanup` with `setting_options`. The room `network` holds the netlink tools.
"""
