using Tidings.Connections;
using Tidings.Lanes;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>A connection that is the answer to a request: nothing comes in, and it ends with the answer.</summary>
/// <param name="lane">The connection's lane.</param>
/// <param name="abort">Cuts the transport, where the answer cannot be brought to its end.</param>
internal abstract class ResponseWire(PoolLane lane, Action abort) : Wire
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the connection is done with the answer.</summary>
    public Task Completion => _completion.Task;

    public override bool IsOneWay => true;

    public override TransportKind Transport => TransportKind.Polling;

    protected PoolLane Lane => lane;

    /// <summary>The connection, as soon as it is open.</summary>
    protected Connection? Connection { get; private set; }

    /// <summary>Whether what was taken from the queue has not reached the transport.</summary>
    protected abstract bool IsUnfinished { get; }

    public override void Start(Connection connection) => Connection = connection;

    public override void SetReading(bool reading)
    {
    }

    public override bool TryEndOutput() => false;

    public override void Close()
    {
        if (IsUnfinished)
        {
            try
            {
                abort();
            }
            catch (ObjectDisposedException)
            {
                // The request has ended meanwhile, and its response with it.
            }
        }

        _completion.TrySetResult();
    }

    /// <summary>The client has gone. Any thread, after the wire was attached.</summary>
    public void Lose() => lane.Post(Loss.Instance, this);

    private sealed class Loss : ILaneWork
    {
        public static readonly Loss Instance = new();

        public void Run(object? argument) => ((ResponseWire)argument!).Connection?.Lost();
    }
}
