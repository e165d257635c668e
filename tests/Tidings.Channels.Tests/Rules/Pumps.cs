using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Rules;

public sealed class LanePumpSubscribeRules() : SubscribeRules(Pump.Lanes);

public sealed class LanePumpPublishRules() : PublishRules(Pump.Lanes);

public sealed class LanePumpEventRules() : EventRules(Pump.Lanes);

public sealed class LanePumpBinaryRules() : BinaryRules(Pump.Lanes);

public sealed class LanePumpHistoryRules() : HistoryRules(Pump.Lanes);

public sealed class LanePumpEraseRules() : EraseRules(Pump.Lanes);

public sealed class LanePumpStateRules() : StateRules(Pump.Lanes);

public sealed class LanePumpPresenceRules() : PresenceRules(Pump.Lanes);

public sealed class LanePumpTrackRules() : TrackRules(Pump.Lanes);

public sealed class LanePumpOccupancyRules() : OccupancyRules(Pump.Lanes);

public sealed class LanePumpLimitRules() : LimitRules(Pump.Lanes);

public sealed class LanePumpSubscriptionTokenRules() : SubscriptionTokenRules(Pump.Lanes);

public sealed class LanePumpProtocolExamples() : ProtocolExamples(Pump.Lanes);

public sealed class StreamPumpSubscribeRules() : SubscribeRules(Pump.Streams);

public sealed class StreamPumpPublishRules() : PublishRules(Pump.Streams);

public sealed class StreamPumpEventRules() : EventRules(Pump.Streams);

public sealed class StreamPumpBinaryRules() : BinaryRules(Pump.Streams);

public sealed class StreamPumpHistoryRules() : HistoryRules(Pump.Streams);

public sealed class StreamPumpEraseRules() : EraseRules(Pump.Streams);

public sealed class StreamPumpStateRules() : StateRules(Pump.Streams);

public sealed class StreamPumpPresenceRules() : PresenceRules(Pump.Streams);

public sealed class StreamPumpTrackRules() : TrackRules(Pump.Streams);

public sealed class StreamPumpOccupancyRules() : OccupancyRules(Pump.Streams);

public sealed class StreamPumpLimitRules() : LimitRules(Pump.Streams);

public sealed class StreamPumpSubscriptionTokenRules() : SubscriptionTokenRules(Pump.Streams);

public sealed class StreamPumpProtocolExamples() : ProtocolExamples(Pump.Streams);
