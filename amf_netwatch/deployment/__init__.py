# SPDX-License-Identifier: Apache-2.0
"""What an operator loads to run the component on a cluster: AMF's model and SMF's campaigns, as XML text.

It turns values into text: nothing here talks to AMF, IMM or the kernel. The options of the commands that
print these texts are in `commands`. Read `model` first; `campaign` takes everything from the objects that
`model` makes.
"""
