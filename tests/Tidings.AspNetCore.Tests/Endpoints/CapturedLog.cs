using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>Keeps what is logged.</summary>
internal sealed class CapturedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, EventId Event, string Text, Exception? Error)> _entries = new();

    public IEnumerable<(LogLevel Level, EventId Event, string Text, Exception? Error)> Entries => _entries;

    public IEnumerable<(LogLevel Level, EventId Event, string Text, Exception? Error)> Errors => _entries.Where(entry => entry.Level >= LogLevel.Error);

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(CapturedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log._entries.Enqueue((logLevel, eventId, formatter(state, exception), exception));
    }
}
