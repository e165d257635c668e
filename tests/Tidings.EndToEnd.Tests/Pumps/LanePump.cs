using Tidings.EndToEnd.Tests.BadInput;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Rules;
using Tidings.EndToEnd.Tests.Security;

namespace Tidings.EndToEnd.Tests.Pumps;

public sealed class LanePumpCloseRules() : CloseRules(Pump.Lanes);

public sealed class LanePumpConnectionLimitRules() : ConnectionLimitRules(Pump.Lanes);

public sealed class LanePumpControlMessageRules() : ControlMessageRules(Pump.Lanes);

public sealed class LanePumpDrainRules() : DrainRules(Pump.Lanes);

public sealed class LanePumpEchoRules() : EchoRules(Pump.Lanes);

public sealed class LanePumpFollowRules() : FollowRules(Pump.Lanes);

public sealed class LanePumpHandshakeRules() : HandshakeRules(Pump.Lanes);

public sealed class LanePumpHeartbeatRules() : HeartbeatRules(Pump.Lanes);

public sealed class LanePumpMembershipRules() : MembershipRules(Pump.Lanes);

public sealed class LanePumpMetricsRules() : MetricsRules(Pump.Lanes);

public sealed class LanePumpOverloadRules() : OverloadRules(Pump.Lanes);

public sealed class LanePumpRateRules() : RateRules(Pump.Lanes);

public sealed class LanePumpRoomRules() : RoomRules(Pump.Lanes);

public sealed class LanePumpSharedLimitRules() : SharedLimitRules(Pump.Lanes);

public sealed class LanePumpShutdownRules() : ShutdownRules(Pump.Lanes);

public sealed class LanePumpSizeRules() : SizeRules(Pump.Lanes);

public sealed class LanePumpSlowReaderRules() : SlowReaderRules(Pump.Lanes);

public sealed class LanePumpEraseQueueRules() : EraseQueueRules(Pump.Lanes);

public sealed class LanePumpTracingRules() : TracingRules(Pump.Lanes);

public sealed class LanePump_B02_Slowloris() : B02_Slowloris(Pump.Lanes);

public sealed class LanePump_B03_SilentCrowd() : B03_SilentCrowd(Pump.Lanes);

public sealed class LanePump_B04_HeaderFlood() : B04_HeaderFlood(Pump.Lanes);

public sealed class LanePump_B05_HeaderValues() : B05_HeaderValues(Pump.Lanes);

public sealed class LanePump_B06_HandshakeKeys() : B06_HandshakeKeys(Pump.Lanes);

public sealed class LanePump_B09_LengthOverflow() : B09_LengthOverflow(Pump.Lanes);

public sealed class LanePump_B10_MutatedFrames() : B10_MutatedFrames(Pump.Lanes);

public sealed class LanePump_B11_Fragments() : B11_Fragments(Pump.Lanes);

public sealed class LanePump_B19_Utf8() : B19_Utf8(Pump.Lanes);

public sealed class LanePump_B20_FrameBits() : B20_FrameBits(Pump.Lanes);

public sealed class LanePump_B21_ControlFrames() : B21_ControlFrames(Pump.Lanes);

public sealed class LanePump_B22_CloseRaces() : B22_CloseRaces(Pump.Lanes);

public sealed class LanePump_B23_StaleMemory() : B23_StaleMemory(Pump.Lanes);

public sealed class LanePump_F13_SlowConsumers() : F13_SlowConsumers(Pump.Lanes);

public sealed class LanePumpAuthenticationRules() : AuthenticationRules(Pump.Lanes);

public sealed class LanePump_B07_Smuggling() : B07_Smuggling(Pump.Lanes);

public sealed class LanePump_B34_PathsAndHosts() : B34_PathsAndHosts(Pump.Lanes);

public sealed class LanePump_B36_ConnectionExhaustion() : B36_ConnectionExhaustion(Pump.Lanes);

public sealed class LanePumpRevocationRules() : RevocationRules(Pump.Lanes);

public sealed class LanePump_B01_Origins() : B01_Origins(Pump.Lanes);

public sealed class LanePump_B24_TokenLeaks() : B24_TokenLeaks(Pump.Lanes);

public sealed class LanePump_B35_SpoofedAddresses() : B35_SpoofedAddresses(Pump.Lanes);

public sealed class LanePump_B47_Bodies() : B47_Bodies(Pump.Lanes);

public sealed class LanePump_B51_RatesOverConnections() : B51_RatesOverConnections(Pump.Lanes);
