using Tidings.Brokers;
using Tidings.Messages;

namespace Tidings.Tasks;

/// <summary>The channel beside a task's in which the node that runs it hears that it has been ended from elsewhere.</summary>
internal static class TaskSignals
{
    private static readonly MessageData Ended = new(DataKind.Json, "\"ended\""u8.ToArray());

    // No name of a channel has this character.
    public static string ChannelOf(string id) => "\u0002task:" + id;

    /// <summary>Has this node hear of it, where the broker can be reached; otherwise it finds out when it renews the lease.</summary>
    public static async Task ListenAsync(IBroker broker, string id)
    {
        try
        {
            await broker.ListenAsync(ChannelOf(id)).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
        }
    }

    /// <summary>Tells the node that runs it, in passing: should it not hear, it finds out when it renews the lease.</summary>
    public static async Task TellEndedAsync(IBroker broker, string id)
    {
        try
        {
            await broker.PublishAsync(new Publication(ChannelOf(id), Ended) { Ephemeral = true }).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
        }
    }
}
