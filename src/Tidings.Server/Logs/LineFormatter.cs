using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Tidings.Diagnostics;

namespace Tidings.Server.Logs;

/// <summary>One record, one line of at most 4 KB, whatever it is about: time, level, category with event id, message, exception.</summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    /// <summary>Bytes of a line, its end included.</summary>
    public const int LongestLine = 4096;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var text = logEntry.Formatter?.Invoke(logEntry.State, logEntry.Exception);
        if (logEntry.Exception is { } error)
        {
            text += " " + error;
        }

        var head = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {NameOf(logEntry.LogLevel)} {logEntry.Category}[{logEntry.EventId.Id}] ");
        textWriter.Write(head);
        textWriter.Write(LogText.Clean(text, LongestLine - head.Length - 1));
        textWriter.Write('\n');
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
