using TestKit;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Infrastructure;

internal static class EndAfter
{
    /// <summary>Expects that the server cuts a peer which does not answer its close frame, within a bound on manual time.</summary>
    public static async Task ExpectEndAfterAsync(this RawWebSocket socket, ManualTime time)
    {
        time.Advance(TimeSpan.FromSeconds(6));
        await socket.ExpectEndAsync();
    }
}
