# SPDX-License-Identifier: Apache-2.0
"""The name of every environment variable that amf-netwatch reads or sets.

Only names are here. Each part reads its variables itself, from the mapping that it is given.
"""

from __future__ import annotations

# Variables that AMF and the system set.
COMPONENT_VARIABLE = "SA_AMF_COMPONENT_NAME"  # the DN of the component; AMF sets it for every command
ERROR_SOURCE_VARIABLE = "OSAF_COMPONENT_ERROR_SOURCE"  # the reason why amfnd calls `cleanup`
SIMULATOR_VARIABLE = "SAF_SHIM_DIR"  # the directory of the simulator that started us
USER_RUN_VARIABLE = "XDG_RUNTIME_DIR"  # an ordinary user's directory for files of the login session

# Variables that the libraries read.
IMM_TIMEOUT_VARIABLE = "IMMA_SYNCR_TIMEOUT"  # how long an IMM call may block, in units of 10 ms

# Our own variables. A setting's variable is the prefix and the setting's name in capitals.
SETTING_PREFIX = "AMF_NETWATCH_"
READY_VARIABLE = "AMF_NETWATCH_READY_FD"  # the descriptor by which `run` reports to `instantiate`
DIRECTORY_VARIABLE = "AMF_NETWATCH_RUN_DIR"  # where the pid files are
SYSLOG_VARIABLE = "AMF_NETWATCH_SYSLOG"  # for tests: another socket instead of /dev/log
# These have the prefix of the settings but are not settings.
INTERNAL_VARIABLES = frozenset({READY_VARIABLE, DIRECTORY_VARIABLE, SYSLOG_VARIABLE})
