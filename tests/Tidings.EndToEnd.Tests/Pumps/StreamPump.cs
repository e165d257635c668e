using Tidings.EndToEnd.Tests.BadInput;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Rules;
using Tidings.EndToEnd.Tests.Security;

namespace Tidings.EndToEnd.Tests.Pumps;

public sealed class StreamPumpCloseRules() : CloseRules(Pump.Streams);

public sealed class StreamPumpConnectionLimitRules() : ConnectionLimitRules(Pump.Streams);

public sealed class StreamPumpControlMessageRules() : ControlMessageRules(Pump.Streams);

public sealed class StreamPumpDrainRules() : DrainRules(Pump.Streams);

public sealed class StreamPumpEchoRules() : EchoRules(Pump.Streams);

public sealed class StreamPumpFollowRules() : FollowRules(Pump.Streams);

public sealed class StreamPumpHandshakeRules() : HandshakeRules(Pump.Streams);

public sealed class StreamPumpHeartbeatRules() : HeartbeatRules(Pump.Streams);

public sealed class StreamPumpMembershipRules() : MembershipRules(Pump.Streams);

public sealed class StreamPumpMetricsRules() : MetricsRules(Pump.Streams);

public sealed class StreamPumpOverloadRules() : OverloadRules(Pump.Streams);

public sealed class StreamPumpRateRules() : RateRules(Pump.Streams);

public sealed class StreamPumpRoomRules() : RoomRules(Pump.Streams);

public sealed class StreamPumpSharedLimitRules() : SharedLimitRules(Pump.Streams);

public sealed class StreamPumpShutdownRules() : ShutdownRules(Pump.Streams);

public sealed class StreamPumpSizeRules() : SizeRules(Pump.Streams);

public sealed class StreamPumpSlowReaderRules() : SlowReaderRules(Pump.Streams);

public sealed class StreamPumpEraseQueueRules() : EraseQueueRules(Pump.Streams);

public sealed class StreamPumpTracingRules() : TracingRules(Pump.Streams);

public sealed class StreamPump_B02_Slowloris() : B02_Slowloris(Pump.Streams);

public sealed class StreamPump_B03_SilentCrowd() : B03_SilentCrowd(Pump.Streams);

public sealed class StreamPump_B04_HeaderFlood() : B04_HeaderFlood(Pump.Streams);

public sealed class StreamPump_B05_HeaderValues() : B05_HeaderValues(Pump.Streams);

public sealed class StreamPump_B06_HandshakeKeys() : B06_HandshakeKeys(Pump.Streams);

public sealed class StreamPump_B09_LengthOverflow() : B09_LengthOverflow(Pump.Streams);

public sealed class StreamPump_B10_MutatedFrames() : B10_MutatedFrames(Pump.Streams);

public sealed class StreamPump_B11_Fragments() : B11_Fragments(Pump.Streams);

public sealed class StreamPump_B19_Utf8() : B19_Utf8(Pump.Streams);

public sealed class StreamPump_B20_FrameBits() : B20_FrameBits(Pump.Streams);

public sealed class StreamPump_B21_ControlFrames() : B21_ControlFrames(Pump.Streams);

public sealed class StreamPump_B22_CloseRaces() : B22_CloseRaces(Pump.Streams);

public sealed class StreamPump_B23_StaleMemory() : B23_StaleMemory(Pump.Streams);

public sealed class StreamPump_F13_SlowConsumers() : F13_SlowConsumers(Pump.Streams);

public sealed class StreamPumpAuthenticationRules() : AuthenticationRules(Pump.Streams);

public sealed class StreamPump_B07_Smuggling() : B07_Smuggling(Pump.Streams);

public sealed class StreamPump_B34_PathsAndHosts() : B34_PathsAndHosts(Pump.Streams);

public sealed class StreamPump_B36_ConnectionExhaustion() : B36_ConnectionExhaustion(Pump.Streams);

public sealed class StreamPumpRevocationRules() : RevocationRules(Pump.Streams);

public sealed class StreamPump_B01_Origins() : B01_Origins(Pump.Streams);

public sealed class StreamPump_B24_TokenLeaks() : B24_TokenLeaks(Pump.Streams);

public sealed class StreamPump_B35_SpoofedAddresses() : B35_SpoofedAddresses(Pump.Streams);

public sealed class StreamPump_B47_Bodies() : B47_Bodies(Pump.Streams);

public sealed class StreamPump_B51_RatesOverConnections() : B51_RatesOverConnections(Pump.Streams);
