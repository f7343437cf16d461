# SPDX-License-Identifier: Apache-2.0
"""The classes of AMF's types: of applications, groups, units, components and the workload, and their
relations.

The form of the table is explained in `tables`. A versioned type (``safVersion=...``) is a child of its base
type. Its values count wherever an entity of `amf_classes` has no value of its own.
"""

from __future__ import annotations

AMF_TYPES = """
SaAmfAppBaseType config
  rdn     safAppType                               string initialized

SaAmfAppType config
  rdn     safVersion                               string initialized
  config  saAmfApptSGTypes                         name   initialized writable multi_value

SaAmfSGBaseType config
  rdn     safSgType                                string initialized

SaAmfSGType config
  rdn     safVersion                               string initialized
  config  saAmfSgtRedundancyModel                  uint32 initialized
  config  saAmfSgtValidSuTypes                     name   initialized writable multi_value
  config  saAmfSgtDefAutoAdjustProb                time   initialized writable
  config  saAmfSgtDefCompRestartProb               time   initialized writable
  config  saAmfSgtDefCompRestartMax                uint32 initialized writable
  config  saAmfSgtDefSuRestartProb                 time   initialized writable
  config  saAmfSgtDefSuRestartMax                  uint32 initialized writable
  config  saAmfSgtDefAutoRepair                    uint32 writable = 1
  config  saAmfSgtDefAutoAdjust                    uint32 writable = 0

SaAmfSUBaseType config
  rdn     safSuType                                string initialized

SaAmfSUType config
  rdn     safVersion                               string initialized
  config  saAmfSutIsExternal                       uint32 initialized
  config  saAmfSutDefSUFailover                    uint32 initialized writable
  config  saAmfSutProvidesSvcTypes                 name   initialized writable multi_value

SaAmfSutCompType config
  rdn     safMemberCompType                        name   initialized
  config  saAmfSutMaxNumComponents                 uint32
  config  saAmfSutMinNumComponents                 uint32  = 1

SaAmfCompBaseType config
  rdn     safCompType                              string initialized

SaAmfCompType config
  rdn     safVersion                               string initialized
  config  saAmfCtCompCategory                      uint32 initialized
  config  saAmfCtDefRecoveryOnError                uint32 initialized writable
  config  saAmfCtSwBundle                          name
  config  saAmfCtDefCmdEnv                         string multi_value
  config  saAmfCtDefClcCliTimeout                  time   writable
  config  saAmfCtDefCallbackTimeout                time   writable
  config  saAmfCtRelPathInstantiateCmd             string
  config  saAmfCtDefInstantiateCmdArgv             string writable multi_value
  config  saAmfCtDefInstantiationLevel             uint32 writable
  config  saAmfCtRelPathTerminateCmd               string
  config  saAmfCtDefTerminateCmdArgv               string writable multi_value
  config  saAmfCtRelPathCleanupCmd                 string
  config  saAmfCtDefCleanupCmdArgv                 string writable multi_value
  config  saAmfCtRelPathAmStartCmd                 string
  config  saAmfCtDefAmStartCmdArgv                 string writable multi_value
  config  saAmfCtRelPathAmStopCmd                  string
  config  saAmfCtDefAmStopCmdArgv                  string writable multi_value
  config  osafAmfCtRelPathHcCmd                    string
  config  osafAmfCtDefHcCmdArgv                    string writable multi_value
  config  saAmfCtDefQuiescingCompleteTimeout       time   writable
  config  saAmfCtDefDisableRestart                 uint32 writable

SaAmfCtCsType config
  rdn     safSupportedCsType                       name   initialized
  config  saAmfCtCompCapability                    uint32 initialized
  config  saAmfCtDefNumMaxActiveCSIs               uint32
  config  saAmfCtDefNumMaxStandbyCSIs              uint32

SaAmfHealthcheckType config
  rdn     safHealthcheckKey                        string initialized
  config  saAmfHctDefPeriod                        time   initialized writable
  config  saAmfHctDefMaxDuration                   time   initialized writable

SaAmfSvcBaseType config
  rdn     safSvcType                               string initialized

SaAmfSvcType config
  rdn     safVersion                               string initialized
  config  saAmfSvcDefActiveWeight                  string writable multi_value
  config  saAmfSvcDefStandbyWeight                 string writable multi_value

SaAmfSvcTypeCSTypes config
  rdn     safMemberCSType                          name   initialized
  config  saAmfSvctMaxNumCSIs                      uint32 writable

SaAmfCSBaseType config
  rdn     safCSType                                string initialized

SaAmfCSType config
  rdn     safVersion                               string initialized
  config  saAmfCSAttrName                          string writable multi_value
"""
