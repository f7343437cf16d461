# SPDX-License-Identifier: Apache-2.0
"""The name of every environment variable that amf-netwatch reads or sets.

Only names are here. Each part reads its variables itself, from the mapping that it is given.
"""

from __future__ import annotations

# What AMF and the system give us.
COMPONENT_VARIABLE = "SA_AMF_COMPONENT_NAME"  # the DN of the component; AMF sets it for every command
ERROR_SOURCE_VARIABLE = "OSAF_COMPONENT_ERROR_SOURCE"  # why amfnd calls `cleanup`
SIMULATOR_VARIABLE = "SAF_SHIM_DIR"  # the directory of the simulator that started us
USER_RUN_VARIABLE = "XDG_RUNTIME_DIR"  # where an ordinary user keeps what lives as long as the session

# What the libraries that we load read.
IMM_TIMEOUT_VARIABLE = "IMMA_SYNCR_TIMEOUT"  # how long an IMM call may block, in units of 10 ms

# What is ours. A setting's variable is the prefix and the setting's name in capitals.
SETTING_PREFIX = "AMF_NETWATCH_"
READY_VARIABLE = "AMF_NETWATCH_READY_FD"  # the descriptor by which `run` tells `instantiate` how it went
DIRECTORY_VARIABLE = "AMF_NETWATCH_RUN_DIR"  # where the pid files are
SYSLOG_VARIABLE = "AMF_NETWATCH_SYSLOG"  # another socket than /dev/log, for tests
# These have the prefix of the settings and are no settings.
INTERNAL_VARIABLES = frozenset({READY_VARIABLE, DIRECTORY_VARIABLE, SYSLOG_VARIABLE})
