# SPDX-License-Identifier: Apache-2.0
"""Classes of the other services' own objects: IMM, CLM, log, SMF, the cluster's configuration.

Facts of the information model: (name, category, ((attribute, type, flags[, default]), ...)). The letters of
the flags are those of `saf_shim.model.tables.FLAGS`: ``D`` RDN, ``c`` config, ``r`` runtime, ``w`` writable,
``i`` initialized, ``h`` cached, ``p`` persistent, ``m`` multi-valued and so on.
"""

from __future__ import annotations

from imm_model.types import ValueType

UINT32 = ValueType.UINT32
UINT64 = ValueType.UINT64
TIME = ValueType.TIME
NAME = ValueType.NAME
STRING = ValueType.STRING

SERVICE_CLASSES = (
    (
        "OpensafImm",
        "config",
        (
            ("opensafImm", NAME, "Dci"),
            ("opensafImmEpoch", UINT32, "rhp"),
            ("opensafImmClassNames", STRING, "rhpm"),
            ("opensafImmNostdFlags", UINT32, "rh", 0),
            ("opensafImmSyncBatchSize", UINT32, "cw", 65000),
            ("longDnsAllowed", UINT32, "cw", 0),
            ("accessControlMode", UINT32, "cw", 0),
            ("authorizedGroup", STRING, "cw"),
            ("scAbsenceAllowed", UINT32, "rhp", 0),
            ("maxClasses", UINT32, "cw", 1000),
            ("maxImplementers", UINT32, "cw", 3000),
            ("maxAdminowners", UINT32, "cw", 2000),
            ("maxCcbs", UINT32, "cw", 10000),
            ("minApplierTimeout", UINT32, "cw", 0),
        ),
    ),
    (
        "SaImmMngt",
        "config",
        (
            ("safRdn", STRING, "Dci"),
            ("saImmRepositoryInit", UINT32, "cw", 2),
            ("saImmLastUpdate", TIME, "r"),
            ("saImmNumOis", UINT32, "r"),
            ("saImmNumAdminOwnedObjects", UINT32, "r"),
            ("saImmNumInitializedCcbs", UINT32, "r"),
            ("saImmExportFileUri", STRING, "r"),
            ("saImmOiTimeout", TIME, "cw"),
            ("saImmFileSystemStatus", UINT32, "rh"),
        ),
    ),
    (
        "SaClmNode",
        "config",
        (
            ("safNode", STRING, "Dci"),
            ("saClmNodeDisableReboot", UINT32, "cw", 0),
            ("saClmNodeEE", NAME, "cw"),
            ("saClmNodeAddressFamily", UINT32, "cw"),
            ("saClmNodeAddress", STRING, "cw"),
            ("saClmNodeLockCallbackTimeout", TIME, "cw"),
            ("saClmNodeID", UINT32, "rh"),
            ("saClmNodeIsMember", UINT32, "rh"),
            ("saClmNodeBootTimeStamp", TIME, "rh"),
            ("saClmNodeInitialViewNumber", UINT64, "rh"),
            ("saClmNodeCurrAddressFamily", UINT32, "rh"),
            ("saClmNodeCurrAddress", STRING, "rh"),
            ("saClmNodeAdminState", UINT32, "rhp", 1),
        ),
    ),
    (
        "SaClmCluster",
        "config",
        (
            ("safCluster", STRING, "Dci"),
            ("saClmClusterNumNodes", UINT32, "rh"),
            ("saClmClusterInitTimestamp", TIME, "rh"),
        ),
    ),
    (
        "OpensafConfig",
        "config",
        (
            ("opensafConfigId", STRING, "Dci"),
            ("opensafNetworkName", STRING, "cw"),
        ),
    ),
    (
        "SaLogStream",
        "runtime",
        (
            ("safLgStr", STRING, "Drh"),
            ("saLogStreamFileName", STRING, "rh"),
            ("saLogStreamPathName", STRING, "rh"),
            ("saLogStreamMaxLogFileSize", UINT64, "rh"),
            ("saLogStreamFixedLogRecordSize", UINT32, "rh"),
            ("saLogStreamHaProperty", UINT32, "rh"),
            ("saLogStreamLogFullAction", UINT32, "rh"),
            ("saLogStreamMaxFilesRotated", UINT32, "rh"),
            ("saLogStreamLogFileFormat", STRING, "rh"),
            ("saLogStreamSeverityFilter", UINT32, "rh"),
            ("saLogStreamCreationTimestamp", TIME, "rh"),
            ("saLogStreamNumOpeners", UINT32, "r"),
            ("logStreamDiscardedCounter", UINT64, "r"),
            ("saLogStreamFacilityId", UINT32, "rh", 16),
        ),
    ),
    (
        "SaLogStreamConfig",
        "config",
        (
            ("safLgStrCfg", STRING, "Dci"),
            ("saLogStreamFileName", STRING, "ciw"),
            ("saLogStreamPathName", STRING, "ci"),
            ("saLogStreamMaxLogFileSize", UINT64, "cw", 5000000),
            ("saLogStreamFixedLogRecordSize", UINT32, "cw", 150),
            ("saLogStreamLogFullAction", UINT32, "cw", 3),
            ("saLogStreamLogFullHaltThreshold", UINT32, "cw", 75),
            ("saLogStreamMaxFilesRotated", UINT32, "cw", 4),
            ("saLogStreamLogFileFormat", STRING, "cw"),
            ("saLogStreamSeverityFilter", UINT32, "cw"),
            ("saLogRecordDestination", STRING, "cmuw"),
            ("saLogStreamCreationTimestamp", TIME, "rh"),
            ("saLogStreamNumOpeners", UINT32, "r"),
            ("logStreamDiscardedCounter", UINT64, "r"),
            ("saLogStreamFacilityId", UINT32, "csw", 16),
        ),
    ),
    (
        "SaSmfCampaign",
        "config",
        (
            ("safSmfCampaign", STRING, "Dci"),
            ("saSmfCmpgFileUri", STRING, "cw"),
            ("saSmfCmpgConfigBase", TIME, "rhp"),
            ("saSmfCmpgExpectedTime", TIME, "rhp"),
            ("saSmfCmpgElapsedTime", TIME, "rhp"),
            ("saSmfCmpgState", UINT32, "rhp", 1),
            ("saSmfCmpgError", STRING, "rhmp"),
        ),
    ),
    (
        "OpenSafSmfConfig",
        "config",
        (
            ("smfConfig", STRING, "Dci"),
            ("smfBackupCreateCmd", STRING, "ciw"),
            ("smfBundleCheckCmd", STRING, "ciw"),
            ("smfNodeCheckCmd", STRING, "ciw"),
            ("smfRepositoryCheckCmd", STRING, "ciw"),
            ("smfClusterRebootCmd", STRING, "ciw"),
            ("smfAdminOpTimeout", TIME, "ciw"),
            ("smfCliTimeout", TIME, "ciw"),
            ("smfRebootTimeout", TIME, "ciw"),
            ("smfNodeBundleActCmd", STRING, "cw"),
            ("smfSiSwapSiName", STRING, "cw"),
            ("smfSiSwapMaxRetry", UINT32, "cw"),
            ("smfCampMaxRestart", UINT32, "cw"),
            ("smfImmPersistCmd", STRING, "cw"),
            ("smfNodeRebootCmd", STRING, "cw"),
            ("smfInactivatePbeDuringUpgrade", UINT32, "cw"),
            ("smfVerifyEnable", UINT32, "cw", 0),
            ("smfVerifyTimeout", TIME, "cw", 100000000000),
            ("smfClusterControllers", STRING, "cmw"),
            ("smfSSAffectedNodesEnable", UINT32, "cw", 0),
            ("smfKeepDuState", UINT32, "cw", 0),
            ("openSafSmfExecControl", STRING, "cw"),
            ("smfProtectExecControlDuringInit", UINT32, "cw", 0),
        ),
    ),
)
