#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The lamp's life, on a simulator:   saf-shim run -- sh lamp.sh
set -e
cd "$(dirname "$0")"
LAMP_DIR=${LAMP_DIR:-$SAF_SHIM_DIR}
export LAMP_DIR
./lamp.py model >"$LAMP_DIR/lamp.xml"
immcfg -f "$LAMP_DIR/lamp.xml"
amf-adm unlock-in safSu=SC-1,safSg=Lamp,safApp=Lamp
amf-adm unlock safSu=SC-1,safSg=Lamp,safApp=Lamp
immlist -a colour lamp=SC-1
immadm -o 1 lamp=SC-1
immlist -a blinks lamp=SC-1
amf-adm lock safSu=SC-1,safSg=Lamp,safApp=Lamp
amf-adm lock-in safSu=SC-1,safSg=Lamp,safApp=Lamp
immfind -c Lamp
