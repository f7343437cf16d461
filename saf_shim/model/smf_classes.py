# SPDX-License-Identifier: Apache-2.0
"""The classes of SMF: software bundles, upgrade campaigns and what a running campaign leaves in IMM.

The form of the table is explained in `tables`. SMF itself is not simulated (see `stand_ins`), but models and
campaigns need these classes.
"""

from __future__ import annotations

SMF_CLASSES = """
SaSmfSwBundle config
  rdn     safSmfBundle                             string initialized
  config  saSmfBundleDefaultCmdTimeout             time   writable
  config  saSmfBundleInstallOnlineCmdUri           string writable
  config  saSmfBundleInstallOnlineCmdArgs          string writable
  config  saSmfBundleInstallOfflineCmdUri          string writable
  config  saSmfBundleInstallOfflineCmdArgs         string writable
  config  saSmfBundleInstallOfflineScope           uint32 writable
  config  saSmfBundleRemoveOnlineCmdUri            string writable
  config  saSmfBundleRemoveOnlineCmdArgs           string writable
  config  saSmfBundleRemoveOfflineCmdUri           string writable
  config  saSmfBundleRemoveOfflineCmdArgs          string writable
  config  saSmfBundleRemoveOfflineScope            uint32 writable

SaSmfCampaign config
  rdn     safSmfCampaign                           string initialized
  config  saSmfCmpgFileUri                         string writable
  runtime saSmfCmpgConfigBase                      time   cached persistent
  runtime saSmfCmpgExpectedTime                    time   cached persistent
  runtime saSmfCmpgElapsedTime                     time   cached persistent
  runtime saSmfCmpgState                           uint32 cached persistent = 1
  runtime saSmfCmpgError                           string multi_value cached persistent

SaSmfProcedure runtime
  rdn     safSmfProcedure                          string cached persistent
  runtime saSmfProcAcceptSIOutage                  name   multi_value cached persistent
  runtime saSmfProcDisableSimultanExec             uint32 cached persistent
  runtime saSmfProcError                           string multi_value cached persistent
  runtime saSmfProcExecLevel                       uint32 cached persistent
  runtime saSmfProcMaxNumSIsOutage                 uint32 cached persistent
  runtime saSmfProcMustKeepSIs                     name   multi_value cached persistent
  runtime saSmfProcPeriod                          time   cached persistent
  runtime saSmfProcState                           uint32 cached persistent
  runtime saSmfProcUpgrMethod                      uint32 cached persistent

SaSmfStep runtime
  rdn     safSmfStep                               string cached persistent
  runtime saSmfStepError                           string multi_value cached persistent
  runtime saSmfStepMaxRetry                        uint32 cached persistent
  runtime saSmfStepRestartOption                   uint32 cached persistent
  runtime saSmfStepRetryCount                      uint32 cached persistent
  runtime saSmfStepState                           uint32 cached persistent

SaSmfActivationUnit runtime
  rdn     safSmfAu                                 string cached persistent
  runtime saSmfAuActedOn                           name   multi_value cached persistent
  runtime saSmfAuEntityToAdd                       name   multi_value cached persistent

SaSmfDeactivationUnit runtime
  rdn     safSmfDu                                 string cached persistent
  runtime saSmfDuActedOn                           name   multi_value cached persistent
  runtime saSmfDuEntityToRemove                    name   multi_value cached persistent

SaSmfImageNodes runtime
  rdn     safImageNode                             string cached persistent
  runtime saSmfINNode                              name   multi_value cached persistent
  runtime saSmfINSwBundle                          name   cached persistent

OpenSafSmfConfig config
  rdn     smfConfig                                string initialized
  config  smfBackupCreateCmd                       string initialized writable
  config  smfBundleCheckCmd                        string initialized writable
  config  smfNodeCheckCmd                          string initialized writable
  config  smfRepositoryCheckCmd                    string initialized writable
  config  smfClusterRebootCmd                      string initialized writable
  config  smfAdminOpTimeout                        time   initialized writable
  config  smfCliTimeout                            time   initialized writable
  config  smfRebootTimeout                         time   initialized writable
  config  smfNodeBundleActCmd                      string writable
  config  smfSiSwapSiName                          string writable
  config  smfSiSwapMaxRetry                        uint32 writable
  config  smfCampMaxRestart                        uint32 writable
  config  smfImmPersistCmd                         string writable
  config  smfNodeRebootCmd                         string writable
  config  smfInactivatePbeDuringUpgrade            uint32 writable
  config  smfVerifyEnable                          uint32 writable = 0
  config  smfVerifyTimeout                         time   writable = 100000000000
  config  smfClusterControllers                    string writable multi_value
  config  smfSSAffectedNodesEnable                 uint32 writable = 0
  config  smfKeepDuState                           uint32 writable = 0
  config  openSafSmfExecControl                    string writable
  config  smfProtectExecControlDuringInit          uint32 writable = 0

OpenSafSmfExecControl config
  rdn     openSafSmfExecControl                    string
  config  nodesForSingleStep                       string writable multi_value
  config  numberOfSingleSteps                      uint32 writable
  config  procExecMode                             uint32 writable = 0

OpenSafSmfMisc config
  rdn     openSafSmfMisc                           string initialized
  config  reason                                   string writable

OpenSafSmfCampRestartIndicator runtime
  rdn     smfCampaignRestartIndicator              string cached persistent

OpenSafSmfCampRestartInfo runtime
  rdn     smfRestartInfo                           string cached persistent
  runtime smfCampRestartCnt                        uint32 cached persistent

OpenSafSmfRollbackElement runtime
  rdn     smfRollbackElement                       string cached persistent

OpenSafSmfRollbackData runtime
  rdn     smfRollbackData                          string cached persistent
  runtime smfRollbackAttrValue                     string multi_value cached persistent
  runtime smfRollbackClass                         string cached persistent
  runtime smfRollbackDn                            name   cached persistent
  runtime smfRollbackType                          string cached persistent

OpenSafSmfSingleStepInfo runtime
  rdn     smfSingleStepInfo                        string cached persistent
  runtime smfRebootType                            uint32 cached persistent

OpenSafSmfPbeIndicator runtime
  rdn     safRdn                                   string cached persistent
"""
