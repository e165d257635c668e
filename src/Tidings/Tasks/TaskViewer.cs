using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Streams;

namespace Tidings.Tasks;

/// <summary>One connection that watches a task. It sees states in their order: who reads slowly the newest, everybody the final one, and then the end.</summary>
/// <remarks>Belongs to the connection's lane.</remarks>
internal sealed class TaskViewer(Connection connection, TaskWatch watch) : ILaneWork, IQueueWaiter
{
    // What may wait for a viewer before only the newest state is kept for it.
    private const int MostWaitingBytes = 4096;

    private TaskSight? _held;
    private TaskState? _newest;
    private TaskSight? _early;
    private bool _begun;
    private StreamPump? _output;
    private bool _outputRuns;
    private bool _waits;

    public Connection Connection => connection;
    public TaskWatch Watch => watch;

    /// <summary>Shows the first state: what the store had after the viewer had joined. What is told before it may be older than what the viewer saw
    /// through an earlier connection. Any thread.</summary>
    public void Begin(TaskSight sight) => connection.Lane.Post(this, new Beginning(sight));

    /// <summary>Shows the output, too: the final state comes after its end. Before <see cref="Begin"/>.</summary>
    public void BeginOutput(TaskOutputs outputs, long from)
    {
        _outputRuns = true;
        _output = new StreamPump(connection, outputs.Signals, outputs.FramesOf(watch.Id)) { OnEnd = OnOutputEnd };
        _output.Start(from);
    }

    /// <summary>The connection has ended.</summary>
    public void End() => _output?.Stop();

    /// <summary>Shows a state, after the first. Any thread.</summary>
    public void Show(TaskSight sight) => connection.Lane.Post(this, sight);

    void ILaneWork.Run(object? argument)
    {
        switch (argument)
        {
            case Beginning beginning:
                _begun = true;
                Take(beginning.First);
                if (_early is { } early)
                {
                    _early = null;
                    Take(early);
                }

                break;
            case TaskSight sight when _begun:
                Take(sight);
                break;
            case TaskSight sight when sight.State.Follows(_early?.State):
                _early = sight;
                break;
        }
    }

    void IQueueWaiter.OnRoom()
    {
        _waits = false;
        SendHeld();
    }

    private void Take(TaskSight sight)
    {
        if (connection.State <= ConnectionState.Open && sight.State.Follows(_newest))
        {
            _newest = sight.State;
            _held = sight;
            SendHeld();
        }
    }

    private void SendHeld()
    {
        if (_held is not { } sight || _waits || connection.State > ConnectionState.Open || (_outputRuns && sight.State.IsFinal))
        {
            return;
        }

        if (connection.QueuedBytes > MostWaitingBytes)
        {
            _waits = true;
            connection.AwaitRoom(this);
            return;
        }

        _held = null;
        connection.Send(sight.Frame);
        if (sight.State.IsFinal)
        {
            connection.CloseNow(DisconnectCode.Goodbye);
        }
    }

    private void OnOutputEnd()
    {
        _outputRuns = false;
        SendHeld();
    }

    private sealed record Beginning(TaskSight First);
}
