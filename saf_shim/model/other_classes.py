# SPDX-License-Identifier: Apache-2.0
"""The classes of the log, checkpoint, event, lock and message services.

The form of the table is explained in `tables`. Names, types, flags and default values are those that OpenSAF
5.21.03
gives these classes; they were compared attribute by attribute. What a real node answers about them is not
recorded.
"""

from __future__ import annotations

OTHER_CLASSES = """
OpenSafLogConfig config
  rdn     logConfig                                string initialized
  config  logRootDirectory                         string initialized writable
  config  logMaxLogrecsize                         uint32 writable = 1024
  config  logStreamFileFormat                      string writable
  config  logStreamSystemHighLimit                 uint32 writable = 0
  config  logStreamSystemLowLimit                  uint32 writable = 0
  config  logStreamAppHighLimit                    uint32 writable = 0
  config  logStreamAppLowLimit                     uint32 writable = 0
  config  logMaxApplicationStreams                 uint32 writable = 64
  config  logFileIoTimeout                         uint32 writable = 500
  config  logFileSysConfig                         uint32 writable = 1
  config  logDataGroupname                         string writable
  config  logRecordDestinationConfiguration        string writable multi_value no_duplicates
  config  logMaxPendingWriteRequests               uint32 writable = 0
  config  logResilienceTimeout                     uint32 writable = 15

OpenSafLogCurrentConfig runtime
  rdn     logConfig                                string cached
  runtime logRootDirectory                         string
  runtime logMaxLogrecsize                         uint32
  runtime logStreamFileFormat                      string
  runtime logStreamSystemHighLimit                 uint32
  runtime logStreamSystemLowLimit                  uint32
  runtime logStreamAppHighLimit                    uint32
  runtime logStreamAppLowLimit                     uint32
  runtime logMaxApplicationStreams                 uint32
  runtime logFileIoTimeout                         uint32
  runtime logFileSysConfig                         uint32
  runtime logDataGroupname                         string
  runtime logRecordDestinationConfiguration        string multi_value
  runtime logRecordDestinationStatus               string multi_value
  runtime logMaxPendingWriteRequests               uint32
  runtime logResilienceTimeout                     uint32
  runtime logCurrentPendingWriteRequests           uint32

SaLogStreamConfig config
  rdn     safLgStrCfg                              string initialized
  config  saLogStreamFileName                      string initialized writable
  config  saLogStreamPathName                      string initialized
  config  saLogStreamMaxLogFileSize                uint64 writable = 5000000
  config  saLogStreamFixedLogRecordSize            uint32 writable = 150
  config  saLogStreamLogFullAction                 uint32 writable = 3
  config  saLogStreamLogFullHaltThreshold          uint32 writable = 75
  config  saLogStreamMaxFilesRotated               uint32 writable = 4
  config  saLogStreamLogFileFormat                 string writable
  config  saLogStreamSeverityFilter                uint32 writable
  config  saLogStreamFacilityId                    uint32 writable strong_default = 16
  config  saLogRecordDestination                   string writable multi_value no_duplicates
  runtime saLogStreamCreationTimestamp             time   cached
  runtime saLogStreamNumOpeners                    uint32
  runtime logStreamDiscardedCounter                uint64

SaLogStream runtime
  rdn     safLgStr                                 string cached
  runtime saLogStreamFileName                      string cached
  runtime saLogStreamPathName                      string cached
  runtime saLogStreamMaxLogFileSize                uint64 cached
  runtime saLogStreamFixedLogRecordSize            uint32 cached
  runtime saLogStreamHaProperty                    uint32 cached
  runtime saLogStreamLogFullAction                 uint32 cached
  runtime saLogStreamMaxFilesRotated               uint32 cached
  runtime saLogStreamLogFileFormat                 string cached
  runtime saLogStreamSeverityFilter                uint32 cached
  runtime saLogStreamFacilityId                    uint32 cached = 16
  runtime saLogStreamCreationTimestamp             time   cached
  runtime saLogStreamNumOpeners                    uint32
  runtime logStreamDiscardedCounter                uint64

SaCkptCheckpoint runtime
  rdn     safCkpt                                  string cached
  runtime saCkptCheckpointCreationTimestamp        time   cached
  runtime saCkptCheckpointCreationFlags            uint32 cached
  runtime saCkptCheckpointSize                     uint64
  runtime saCkptCheckpointUsedSize                 uint64
  runtime saCkptCheckpointRetDuration              time
  runtime saCkptCheckpointMaxSections              uint32 cached
  runtime saCkptCheckpointMaxSectionSize           uint64 cached
  runtime saCkptCheckpointMaxSectionIdSize         uint64 cached
  runtime saCkptCheckpointNumOpeners               uint32
  runtime saCkptCheckpointNumReaders               uint32
  runtime saCkptCheckpointNumWriters               uint32
  runtime saCkptCheckpointNumReplicas              uint32
  runtime saCkptCheckpointNumSections              uint32
  runtime saCkptCheckpointNumCorruptSections       uint32

SaCkptReplica runtime
  rdn     safReplica                               name   cached
  runtime saCkptReplicaIsActive                    uint32

SaEvtChannel runtime
  rdn     safChnl                                  string cached
  runtime saEvtChannelCreationTimestamp            time   cached
  runtime saEvtChannelNumOpeners                   uint32
  runtime saEvtChannelNumSubscribers               uint32
  runtime saEvtChannelNumPublishers                uint32
  runtime saEvtChannelNumRetainedEvents            uint32
  runtime saEvtChannelLostEventsEventCount         uint32

SaLckResource runtime
  rdn     safLock                                  string cached
  runtime saLckResourceCreationTimestamp           time   cached
  runtime saLckResourceNumOpeners                  uint32
  runtime saLckResourceIsOrphaned                  uint32
  runtime saLckResourceStrippedCount               uint32

SaMsgQueue runtime
  rdn     safMq                                    string cached
  runtime saMsgQueueIsPersistent                   uint32 cached
  runtime saMsgQueueIsOpened                       uint32 cached
  runtime saMsgQueueRetentionTime                  time   cached
  runtime saMsgQueueCreationTimestamp              time   cached
  runtime saMsgQueueSize                           uint64 cached
  runtime saMsgQueueUsedSize                       uint64
  runtime saMsgQueueNumMsgs                        uint32
  runtime saMsgQueueNumMemberQueueGroups           uint32

SaMsgQueuePriority runtime
  rdn     safMqPrio                                string cached
  runtime saMsgQueuePriorityQSize                  uint64 cached
  runtime saMsgQueuePriorityQUsedSize              uint64
  runtime saMsgQueuePriorityQNumMessages           uint32
  runtime saMsgQueuePriorityQNumFullErrors         uint32
  runtime saMsgQueuePriorityCapacityAvailable      uint64 cached
  runtime saMsgQueuePriorityCapacityReached        uint64 cached

SaMsgQueueGroup runtime
  rdn     safMqg                                   string cached
  runtime saMsgQueueGroupPolicy                    uint32 cached
  runtime saMsgQueueGroupNumQueues                 uint32 cached
  runtime saMsgQueueGroupMemberName                name   cached multi_value
"""
