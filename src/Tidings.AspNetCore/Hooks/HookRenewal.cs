using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Hooks;

/// <summary>The hook that says whether a connection goes on that the connect hook let in for some time.</summary>
/// <param name="client">Asks.</param>
/// <param name="url">The hook.</param>
/// <param name="connection">The connection's public id.</param>
/// <param name="seconds">For how long it was let in, and is again where the answer does not say.</param>
/// <param name="now">The broker's clock, in Unix milliseconds.</param>
internal sealed class HookRenewal(HookClient client, Uri url, string connection, int seconds, Func<long> now) : IIdentityRenewal
{
    public async ValueTask<(Identity? Identity, DisconnectCode Why)> RenewAsync(Identity identity)
    {
        var answer = await client.AskAsync(url, HookSchema.Refresh, HookEvent.Begin("refresh", connection, identity.User).EndJson().ToArray(), CancellationToken.None);
        return answer switch
        {
            null => (null, DisconnectCode.Unavailable),
            { Refuses: true } => (null, ConnectHook.Refusal(answer)),
            _ => (identity.Until(now() + ((answer.Expires ?? seconds) * 1000L), this), default),
        };
    }
}
