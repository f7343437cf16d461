# SPDX-License-Identifier: Apache-2.0
"""The classes of AMF's entities: cluster, nodes, applications, service groups, units and components, the
workload and its assignments. Their types are in `amf_types`.

The form of the table is explained in `tables`. Times are nanoseconds, states are numbers of the AMF
specification (SAI-AIS-AMF-B.04.01). Names that begin with ``osaf`` are OpenSAF's own.
"""

from __future__ import annotations

AMF_CLASSES = """
SaAmfCluster config
  rdn     safAmfCluster                            string initialized
  config  saAmfClusterStartupTimeout               time   initialized writable
  config  saAmfClusterClmCluster                   name   writable
  runtime saAmfClusterAdminState                   uint32 cached persistent = 1

SaAmfNode config
  rdn     safAmfNode                               string initialized
  config  saAmfNodeSuFailOverProb                  time   initialized writable
  config  saAmfNodeSuFailoverMax                   uint32 initialized writable
  config  saAmfNodeClmNode                         name   writable
  config  saAmfNodeCapacity                        string writable multi_value
  config  saAmfNodeAutoRepair                      uint32 writable = 1
  config  saAmfNodeFailfastOnTerminationFailure    uint32 writable = 0
  config  saAmfNodeFailfastOnInstantiationFailure  uint32 writable = 0
  runtime saAmfNodeAdminState                      uint32 cached persistent = 1
  runtime saAmfNodeOperState                       uint32 cached

SaAmfNodeGroup config
  rdn     safAmfNodeGroup                          string initialized
  config  saAmfNGNodeList                          name   initialized writable multi_value
  runtime saAmfNGAdminState                        uint32 cached persistent = 1

SaAmfNodeSwBundle config
  rdn     safInstalledSwBundle                     name   initialized
  config  saAmfNodeSwBundlePathPrefix              string initialized

OpenSafAmfConfig config
  rdn     amfConfig                                string initialized
  config  osafAmfRestrictAutoRepairEnable          uint32 writable
  config  osafAmfDelayNodeFailoverTimeout          time   writable
  config  osafAmfDelayNodeFailoverNodeWaitTimeout  time   writable

SaAmfCompGlobalAttributes config
  rdn     safRdn                                   string initialized
  config  saAmfNumMaxInstantiateWithoutDelay       uint32 writable
  config  saAmfNumMaxInstantiateWithDelay          uint32 writable
  config  saAmfNumMaxAmStartAttempts               uint32 writable
  config  saAmfNumMaxAmStopAttempts                uint32 writable
  config  saAmfDelayBetweenInstantiateAttempts     time   writable

SaAmfApplication config
  rdn     safApp                                   string initialized
  config  saAmfAppType                             name   initialized writable
  runtime saAmfApplicationAdminState               uint32 cached persistent = 1
  runtime saAmfApplicationCurrNumSGs               uint32

SaAmfSG config
  rdn     safSg                                    string initialized
  config  saAmfSGType                              name   initialized writable
  config  saAmfSGSuHostNodeGroup                   name   writable
  config  saAmfSGAutoRepair                        uint32 writable
  config  saAmfSGAutoAdjust                        uint32 writable
  config  saAmfSGNumPrefActiveSUs                  uint32 writable = 1
  config  saAmfSGNumPrefStandbySUs                 uint32 writable = 1
  config  saAmfSGNumPrefInserviceSUs               uint32 writable
  config  saAmfSGNumPrefAssignedSUs                uint32 writable
  config  saAmfSGMaxActiveSIsperSU                 uint32 writable
  config  saAmfSGMaxStandbySIsperSU                uint32 writable
  config  saAmfSGAutoAdjustProb                    time   writable
  config  saAmfSGCompRestartProb                   time   writable
  config  saAmfSGCompRestartMax                    uint32 writable
  config  saAmfSGSuRestartProb                     time   writable
  config  saAmfSGSuRestartMax                      uint32 writable
  runtime saAmfSGAdminState                        uint32 cached persistent = 1
  runtime saAmfSGNumCurrAssignedSUs                uint32
  runtime saAmfSGNumCurrNonInstantiatedSpareSUs    uint32
  runtime saAmfSGNumCurrInstantiatedSpareSUs       uint32
  runtime osafAmfSGSuOperationList                 name   multi_value cached
  runtime osafAmfSGFsmState                        uint32 cached = 0

SaAmfSU config
  rdn     safSu                                    string initialized
  config  saAmfSUType                              name   initialized writable
  config  saAmfSURank                              uint32 writable = 0
  config  saAmfSUHostNodeOrNodeGroup               name   writable
  config  saAmfSUFailover                          uint32 writable
  config  saAmfSUMaintenanceCampaign               name   writable
  runtime saAmfSUPreInstantiable                   uint32 cached
  runtime saAmfSUOperState                         uint32 cached
  runtime saAmfSUAdminState                        uint32 cached persistent = 1
  runtime saAmfSUReadinessState                    uint32 cached
  runtime saAmfSUPresenceState                     uint32 cached
  runtime saAmfSUAssignedSIs                       name   multi_value
  runtime saAmfSUHostedByNode                      name   cached
  runtime saAmfSUNumCurrActiveSIs                  uint32
  runtime saAmfSUNumCurrStandbySIs                 uint32
  runtime saAmfSURestartCount                      uint32
  runtime osafAmfSUSwitch                          uint32 cached = 0

SaAmfComp config
  rdn     safComp                                  string initialized
  config  saAmfCompType                            name   initialized writable
  config  saAmfCompCmdEnv                          string writable multi_value
  config  saAmfCompInstantiateCmdArgv              string writable multi_value
  config  saAmfCompInstantiateTimeout              time   writable
  config  saAmfCompInstantiationLevel              uint32 writable
  config  saAmfCompNumMaxInstantiateWithoutDelay   uint32 writable
  config  saAmfCompNumMaxInstantiateWithDelay      uint32 writable
  config  saAmfCompDelayBetweenInstantiateAttempts time   writable
  config  saAmfCompTerminateCmdArgv                string writable multi_value
  config  saAmfCompTerminateTimeout                time   writable
  config  saAmfCompCleanupCmdArgv                  string writable multi_value
  config  saAmfCompCleanupTimeout                  time   writable
  config  saAmfCompAmStartCmdArgv                  string writable multi_value
  config  saAmfCompAmStartTimeout                  time   writable
  config  saAmfCompNumMaxAmStartAttempts           uint32 writable
  config  saAmfCompAmStopCmdArgv                   string writable multi_value
  config  saAmfCompAmStopTimeout                   time   writable
  config  saAmfCompNumMaxAmStopAttempts            uint32 writable
  config  osafAmfCompHcCmdArgv                     string writable multi_value
  config  saAmfCompCSISetCallbackTimeout           time   writable
  config  saAmfCompCSIRmvCallbackTimeout           time   writable
  config  saAmfCompQuiescingCompleteTimeout        time   writable
  config  saAmfCompRecoveryOnError                 uint32 writable
  config  saAmfCompDisableRestart                  uint32 writable
  config  saAmfCompProxyCsi                        name   writable
  config  saAmfCompContainerCsi                    name   writable
  runtime saAmfCompOperState                       uint32 cached
  runtime saAmfCompReadinessState                  uint32 cached
  runtime saAmfCompPresenceState                   uint32 cached
  runtime saAmfCompRestartCount                    uint32
  runtime saAmfCompCurrProxyName                   name
  runtime saAmfCompCurrProxiedNames                name   multi_value

SaAmfCompCsType config
  rdn     safSupportedCsType                       name   initialized
  config  saAmfCompNumMaxActiveCSIs                uint32 writable
  config  saAmfCompNumMaxStandbyCSIs               uint32 writable
  runtime saAmfCompNumCurrActiveCSIs               uint32
  runtime saAmfCompNumCurrStandbyCSIs              uint32
  runtime saAmfCompAssignedCsi                     name

SaAmfHealthcheck config
  rdn     safHealthcheckKey                        string initialized
  config  saAmfHealthcheckPeriod                   time   writable
  config  saAmfHealthcheckMaxDuration              time   writable

SaAmfSI config
  rdn     safSi                                    string initialized
  config  saAmfSvcType                             name   initialized writable
  config  saAmfSIProtectedbySG                     name   writable
  config  saAmfSIRank                              uint32 writable = 0
  config  saAmfSIActiveWeight                      string writable multi_value
  config  saAmfSIStandbyWeight                     string writable multi_value
  config  saAmfSIPrefActiveAssignments             uint32 writable = 1
  config  saAmfSIPrefStandbyAssignments            uint32 writable = 1
  runtime saAmfSIAdminState                        uint32 cached persistent = 1
  runtime saAmfSIAssignmentState                   uint32 cached
  runtime saAmfSINumCurrActiveAssignments          uint32
  runtime saAmfSINumCurrStandbyAssignments         uint32
  runtime saAmfUnassignedAlarmStatus               uint32 cached persistent = 0

SaAmfSIDependency config
  rdn     safDepend                                name   initialized
  config  saAmfToleranceTime                       time   writable

SaAmfSIRankedSU config
  rdn     safRankedSu                              name   initialized
  config  saAmfRank                                uint32 initialized writable

SaAmfCSI config
  rdn     safCsi                                   string initialized
  config  saAmfCSType                              name   initialized writable
  config  saAmfCSIDependencies                     name   writable multi_value
  config  osafAmfCSICommunicateCsiAttributeChange  uint32 writable

SaAmfCSIAttribute config
  rdn     safCsiAttr                               string initialized
  config  saAmfCSIAttriValue                       string writable multi_value

SaAmfSIAssignment runtime
  rdn     safSISU                                  name   cached
  runtime saAmfSISUHAState                         uint32 cached
  runtime saAmfSISUHAReadinessState                uint32 cached
  runtime osafAmfSISUFsmState                      uint32 cached = 0

SaAmfCSIAssignment runtime
  rdn     safCSIComp                               name   cached
  runtime saAmfCSICompHAState                      uint32 cached
  runtime saAmfCSICompHAReadinessState             uint32 cached
"""
