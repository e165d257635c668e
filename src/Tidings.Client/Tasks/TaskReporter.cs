using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Tidings.Client.Contracts;
using Tidings.Client.Tasks;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Tasks;

namespace Tidings.Client;

/// <summary>Reports a task that this process works on. Safe from any thread; reports of progress never wait and never fail.</summary>
/// <remarks>Of reports that follow one another fast the newest is sent, ten a second; every five seconds at least a sign of life. Dispose it without
/// <see cref="CompleteAsync(CancellationToken)"/> or <see cref="FailAsync"/>, and the server takes the worker for lost when its lease is over.</remarks>
public sealed class TaskReporter : IProgress<TaskUpdate>, IAsyncDisposable
{
    private const int MostLines = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly ReportLink _link;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Paced _paced;
    private readonly ITimer _living;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly Queue<string> _lines = [];
    private double? _progress;
    private string? _message;

    internal TaskReporter(string id, ReportLink link, TimeProvider time, ILogger log)
    {
        (Id, _link, _time, _log) = (id, link, time, log);
        _paced = new Paced(time, Interval, SendAsync);
        _living = time.CreateTimer(static reporter => ((TaskReporter)reporter!)._paced.Ask(), this, TimeSpan.Zero, SignOfLife);
    }

    /// <summary>The task's id.</summary>
    public string Id { get; }

    /// <summary>Fires when the server says that the task has ended, because somebody cancelled it or it counts as lost, or that there is none: there is nothing more to do for it.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Tells how far the task is.</summary>
    /// <param name="progress">From 0 to 100.</param>
    /// <param name="message">In words for people, at most 4,096 bytes; what is longer is cut off. Null where it stays as it was.</param>
    /// <exception cref="ArgumentOutOfRangeException">The progress is no such number.</exception>
    public void Report(double progress, string? message = null) => Report(new TaskUpdate(progress, message));

    /// <inheritdoc cref="Report(double, string?)"/>
    public void Report(TaskUpdate value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Progress is { } number && number is not (>= 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(value), number, "Progress is a number from 0 to 100.");
        }

        lock (_gate)
        {
            if (value.Progress < _progress)
            {
                return;
            }

            _progress = value.Progress ?? _progress;
            _message = TaskText.CutMessage(value.Message) ?? _message;
        }

        _paced.Ask();
    }

    /// <summary>Adds a line to what is read in the channel <c>task:&lt;id&gt;:log</c>. Of more than a hundred between two reports the newest remain.</summary>
    /// <param name="line">At most 1,024 bytes; what is longer is cut off.</param>
    public void Log(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        line = TaskText.CutLine(line);
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > MostLines)
            {
                _lines.Dequeue();
            }
        }

        _paced.Ask();
    }

    /// <summary>The task is done. Where the server cannot be reached, it is tried again for two minutes.</summary>
    /// <param name="cancellationToken">Ends the trying.</param>
    /// <exception cref="TidingsException">It was refused, as where the task has ended otherwise (<see cref="ErrorCode.Conflict"/>).</exception>
    public Task CompleteAsync(CancellationToken cancellationToken = default) => FinishAsync(WorkStatus.Completed, default, null, cancellationToken);

    /// <inheritdoc cref="CompleteAsync(CancellationToken)"/>
    /// <param name="result">What came of it: JSON in UTF-8; empty for nothing.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    public Task CompleteJsonAsync(ReadOnlyMemory<byte> result, CancellationToken cancellationToken = default) =>
        FinishAsync(WorkStatus.Completed, result, null, cancellationToken);

    /// <inheritdoc cref="CompleteAsync(CancellationToken)"/>
    /// <param name="result">What came of it.</param>
    /// <param name="type">How it becomes JSON, from a source-generated context.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    public Task CompleteAsync<T>(T result, JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        CompleteJsonAsync(JsonSerializer.SerializeToUtf8Bytes(result, type), cancellationToken);

    /// <inheritdoc cref="CompleteAsync(CancellationToken)"/>
    /// <param name="result">What came of it.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public Task CompleteAsync<T>(T result, CancellationToken cancellationToken = default) =>
        CompleteJsonAsync(JsonSerializer.SerializeToUtf8Bytes(result, JsonSerializerOptions.Web), cancellationToken);

    /// <summary>The task could not be done. Where the server cannot be reached, it is tried again for two minutes.</summary>
    /// <param name="error">Why, in words for those who watch, at most 4,096 bytes; what is longer is cut off.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    /// <exception cref="TidingsException">It was refused, as where the task has ended otherwise (<see cref="ErrorCode.Conflict"/>).</exception>
    public Task FailAsync(string error, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(error);
        return FinishAsync(WorkStatus.Failed, default, TaskText.CutMessage(error), cancellationToken);
    }

    /// <summary>No more signs of life are given.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        await StopAsync().ConfigureAwait(false);
    }

    private async Task StopAsync()
    {
        await _living.DisposeAsync().ConfigureAwait(false);
        await _paced.EndAsync().ConfigureAwait(false);
    }

    private async Task SendAsync()
    {
        var lines = TakeLines();
        try
        {
            var (error, again) = await _link.SendAsync(Write(null, default, null, lines), _disposed.Token).ConfigureAwait(false);
            if (again)
            {
                TakeBack(lines);
                await Task.Delay(RetryAfter, _time, _disposed.Token).ConfigureAwait(false);
                _paced.Ask();
            }
            else if (error is { Code: ErrorCode.Conflict or ErrorCode.NotAllowed })
            {
                _paced.Stop();
                await _ended.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            // Of what the application registered with Ended, or the client was disposed: the reports end here.
            ClientLog.HandlerFailed(_log, error);
            _paced.Stop();
        }
    }

    private async Task FinishAsync(WorkStatus status, ReadOnlyMemory<byte> result, string? error, CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        var lines = TakeLines();
        var json = Write(status, result, error, lines);
        var began = _time.GetTimestamp();
        while (true)
        {
            var answer = await _link.SendAsync(json, cancellationToken).ConfigureAwait(false);
            if (answer.Error is null)
            {
                return;
            }

            if (!answer.Again || _time.GetElapsedTime(began) > LongestRetry)
            {
                // Where this end was refused, another one may be told, with the same lines.
                TakeBack(lines);
                throw answer.Error;
            }

            await Task.Delay(RetryAfter, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    // Progress and message are said each time: what was lost on the way is in the next one.
    private byte[] Write(WorkStatus? status, ReadOnlyMemory<byte> result, string? error, string[] lines)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer);
        lock (_gate)
        {
            writer.WriteStartObject();
            if (status is { } known)
            {
                writer.WriteString("status"u8, known.ToWire());
            }

            if (_progress is { } progress)
            {
                writer.WriteNumber("progress"u8, progress);
            }

            if (_message is { } message)
            {
                writer.WriteString("message"u8, message);
            }

            if (!result.IsEmpty)
            {
                writer.WritePropertyName("result"u8);
                writer.WriteRawValue(CommandReader.WithoutLineBreaks(result.Span));
            }

            if (error is not null)
            {
                writer.WriteString("error"u8, error);
            }

            WriteLines(writer, lines);
            writer.WriteEndObject();
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteLines(Utf8JsonWriter writer, string[] lines)
    {
        if (lines.Length == 0)
        {
            return;
        }

        writer.WriteStartArray("log"u8);
        foreach (var line in lines)
        {
            writer.WriteStringValue(line);
        }

        writer.WriteEndArray();
    }

    private string[] TakeLines()
    {
        lock (_gate)
        {
            string[] lines = [.. _lines];
            _lines.Clear();
            return lines;
        }
    }

    private void TakeBack(string[] lines)
    {
        lock (_gate)
        {
            string[] newer = [.. _lines];
            _lines.Clear();
            foreach (var line in lines.Concat(newer).TakeLast(MostLines))
            {
                _lines.Enqueue(line);
            }
        }
    }
}
