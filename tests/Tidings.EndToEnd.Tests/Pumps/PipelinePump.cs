using Tidings.EndToEnd.Tests.BadInput;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Rules;
using Tidings.EndToEnd.Tests.Security;

namespace Tidings.EndToEnd.Tests.Pumps;

// What differs is the handshake alone.
public sealed class PipelinePumpFollowRules() : FollowRules(Pump.Pipeline);

public sealed class PipelinePumpHandshakeRules() : HandshakeRules(Pump.Pipeline);

public sealed class PipelinePumpConnectionLimitRules() : ConnectionLimitRules(Pump.Pipeline);

public sealed class PipelinePumpMembershipRules() : MembershipRules(Pump.Pipeline);

public sealed class PipelinePumpAuthenticationRules() : AuthenticationRules(Pump.Pipeline);

public sealed class PipelinePump_B01_Origins() : B01_Origins(Pump.Pipeline);

public sealed class PipelinePump_B06_HandshakeKeys() : B06_HandshakeKeys(Pump.Pipeline);
