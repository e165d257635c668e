using Tidings.Client.Connecting;
using Tidings.Client.Tasks;
using Tidings.Protocol;

namespace Tidings.Client;

/// <content>Tasks: watching them, and reporting their progress.</content>
public sealed partial class TidingsClient
{
    /// <summary>A task, to watch its progress, wait for its result, or cancel it. Nothing is subscribed before the first loop.</summary>
    /// <param name="id">The task's id.</param>
    /// <exception cref="ArgumentException">It is no id of a task.</exception>
    public RemoteTask WatchTask(string id)
    {
        CheckTask(id);
        return new RemoteTask(this, id);
    }

    /// <summary>Reports a task that this process works on, over HTTP: the connection of the channels is not needed for it.</summary>
    /// <remarks>While the reporter is not disposed it gives signs of life, so that the server does not take the worker for lost.</remarks>
    /// <param name="id">The task's id.</param>
    /// <exception cref="ArgumentException">It is no id of a task.</exception>
    public TaskReporter ReportTask(string id)
    {
        CheckTask(id);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new TaskReporter(id, new ReportLink(AddressOf(id), _http, _headers, _options), _options.TimeProvider, _log);
    }

    internal IAsyncEnumerable<TaskOutputPart> ReadOutputAsync(string id, long offset, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ThrowIfClosed_NeedsLock();
        }

        var reader = new OutputReader(new Uri(AddressOf(id) + "/output"), _http, _headers, new ClientToken(_options.Token, _log), _options, _random) { Closed = _end.Token, WhyClosed = WhyClosed };
        return reader.ReadAsync(offset, cancellationToken);
    }

    private Exception WhyClosed()
    {
        lock (_gate)
        {
            return _disposed ? new ObjectDisposedException(nameof(TidingsClient)) : _closed!;
        }
    }

    private Uri AddressOf(string id) => new($"{_tasks.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{Uri.EscapeDataString(id)}");

    private static void CheckTask(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!TaskId.IsValid(id))
        {
            throw new ArgumentException($"\"{id}\" is no id of a task: that is {TaskId.Rule}.", nameof(id));
        }
    }
}
