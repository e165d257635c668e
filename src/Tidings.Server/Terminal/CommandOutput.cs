using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;
using Tidings.Diagnostics;

namespace Tidings.Server.Terminal;

/// <summary>Where a command writes: results on standard output, everything else on standard error. Colours and tables on a terminal alone.</summary>
internal sealed class CommandOutput
{
    // What is written is a file or a pipe, not a page.
    private static readonly JsonWriterOptions JsonText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TextWriter _out;
    private readonly TextWriter _error;
    private readonly ArrayBufferWriter<byte> _json = new();
    private readonly IAnsiConsole? _lines;
    private readonly IAnsiConsole? _tables;

    /// <param name="configuration">The streams.</param>
    /// <param name="json">Whether each result is a JSON object of one line.</param>
    public CommandOutput(InvocationConfiguration configuration, bool json)
    {
        _out = configuration.Output;
        _error = configuration.Error;
        IsJson = json;
        if (!json && _out == Console.Out && IsTerminal(Console.IsOutputRedirected))
        {
            var settings = new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_out) };
            _tables = AnsiConsole.Create(settings);
            _lines = AnsiConsole.Create(settings);

            // Not wrapped: a long message stays one line, for who copies it.
            _lines.Profile.Width = int.MaxValue;
        }
    }

    public bool IsJson { get; }

    /// <summary>Whether people read the notes on a terminal, where a line can be written over.</summary>
    public bool IsLive => _error == Console.Error && IsTerminal(Console.IsErrorRedirected);

    /// <summary>A line of the result, as it is.</summary>
    public void Line(string text) => _out.WriteLine(text);

    /// <summary>A line of the result with columns. On a terminal each in its colour; elsewhere tabs are between them.</summary>
    public void Columns(params ReadOnlySpan<(string Text, string Style)> columns)
    {
        if (_lines is null)
        {
            var line = new StringBuilder();
            foreach (var (text, _) in columns)
            {
                line.Append(line.Length == 0 ? "" : "\t").Append(Clean(text));
            }

            _out.WriteLine(line);
            return;
        }

        var markup = new StringBuilder();
        foreach (var (text, style) in columns)
        {
            var escaped = Markup.Escape(Clean(text));
            markup.Append(markup.Length == 0 ? "" : "  ").Append(style.Length == 0 ? escaped : $"[{style}]{escaped}[/]");
        }

        _lines.MarkupLine(markup.ToString());
    }

    /// <summary>A table; without a terminal, lines of columns without a head.</summary>
    public void Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (_tables is null)
        {
            foreach (var row in rows)
            {
                _out.WriteLine(string.Join('\t', row.Select(Clean)));
            }

            return;
        }

        var table = new Table { Border = TableBorder.Rounded };
        foreach (var head in heads)
        {
            table.AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(head)}[/]")));
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(static cell => new Text(Clean(cell)))]);
        }

        _tables.Write(table);
    }

    /// <summary>One JSON object on a line of its own.</summary>
    public void Json(Action<Utf8JsonWriter> fields)
    {
        _json.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_json, JsonText))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        _out.WriteLine(Encoding.UTF8.GetString(_json.WrittenSpan));
    }

    /// <summary>What is no result: a sentence on standard error.</summary>
    public void Note(string text) => _error.WriteLine(text);

    /// <summary>Writes over the last line of standard error, which must be a terminal.</summary>
    public void Progress(string text) => _error.Write($"\r{text}\u001b[K");

    /// <summary>Nothing in it that a terminal obeys; in JSON it is still the same value.</summary>
    public static string Clean(string text) => LogText.Clean(text, int.MaxValue);

    private static bool IsTerminal(bool redirected) =>
        !redirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not "dumb";
}
