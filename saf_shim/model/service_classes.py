# SPDX-License-Identifier: Apache-2.0
"""The classes of IMM and CLM themselves, and the cluster-wide settings of OpenSAF.

The form of the table is explained in `tables`. IMM fills in the runtime attributes of its two classes, and
CLM those of its own two.
"""

from __future__ import annotations

SERVICE_CLASSES = """
OpensafImm config
  rdn     opensafImm                               name   initialized
  config  opensafImmSyncBatchSize                  uint32 writable = 58680
  config  longDnsAllowed                           uint32 writable = 0
  config  accessControlMode                        uint32 writable = 0
  config  authorizedGroup                          string writable
  config  maxClasses                               uint32 writable = 1000
  config  maxImplementers                          uint32 writable = 3000
  config  maxAdminowners                           uint32 writable = 2000
  config  maxCcbs                                  uint32 writable = 10000
  config  minApplierTimeout                        uint32 writable = 0
  runtime opensafImmEpoch                          uint32 cached persistent
  runtime opensafImmClassNames                     string multi_value cached persistent
  runtime opensafImmNostdFlags                     uint32 cached = 0
  runtime scAbsenceAllowed                         uint32 cached persistent = 0

SaImmMngt config
  rdn     safRdn                                   string initialized
  config  saImmRepositoryInit                      uint32 writable = 2
  config  saImmOiTimeout                           time   writable
  runtime saImmLastUpdate                          time
  runtime saImmNumOis                              uint32
  runtime saImmNumAdminOwnedObjects                uint32
  runtime saImmNumInitializedCcbs                  uint32
  runtime saImmExportFileUri                       string
  runtime saImmFileSystemStatus                    uint32 cached

SaClmCluster config
  rdn     safCluster                               string initialized
  runtime saClmClusterNumNodes                     uint32 cached
  runtime saClmClusterInitTimestamp                time   cached

SaClmNode config
  rdn     safNode                                  string initialized
  config  saClmNodeDisableReboot                   uint32 writable = 0
  config  saClmNodeEE                              name   writable
  config  saClmNodeAddressFamily                   uint32 writable
  config  saClmNodeAddress                         string writable
  config  saClmNodeLockCallbackTimeout             time   writable
  runtime saClmNodeID                              uint32 cached
  runtime saClmNodeIsMember                        uint32 cached
  runtime saClmNodeBootTimeStamp                   time   cached
  runtime saClmNodeInitialViewNumber               uint64 cached
  runtime saClmNodeCurrAddressFamily               uint32 cached
  runtime saClmNodeCurrAddress                     string cached
  runtime saClmNodeAdminState                      uint32 cached persistent = 1

OpensafConfig config
  rdn     opensafConfigId                          string initialized
  config  opensafNetworkName                       string writable
"""
