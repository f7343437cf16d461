#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Let the component publish this machine's interfaces for two nodes, and read them as a program would:
#     saf-shim run --node SC-1 --node SC-2 -- sh samples/cluster_interfaces.sh
set -e
amf-netwatch classes >"$SAF_SHIM_DIR/classes.xml"
amf-netwatch model --node SC-1 --node SC-2 --period 1 >"$SAF_SHIM_DIR/model.xml"
immcfg -f "$SAF_SHIM_DIR/classes.xml"
immcfg -f "$SAF_SHIM_DIR/model.xml"
for node in SC-1 SC-2; do
    amf-adm unlock-in "safSu=$node,safSg=NetWatch,safApp=NetWatch"
    amf-adm unlock "safSu=$node,safSg=NetWatch,safApp=NetWatch"
done
exec "${PYTHON:-python3}" "$(dirname "$0")/cluster_interfaces.py"
