namespace Tidings.Connections;

/// <summary>Something that goes on sending when a connection's queue has room again.</summary>
internal interface IQueueWaiter
{
    /// <summary>Called on the connection's lane.</summary>
    void OnRoom();
}
