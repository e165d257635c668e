using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary><c>tidings channels</c> and <c>tidings connections</c>: what all nodes hold, page by page.</summary>
internal sealed class ListCommand
{
    private const int MostPerPage = 1000;
    private const int DefaultLimit = 100;

    private readonly RemoteOptions _remote = new();
    private readonly string _what;
    private readonly string _name;
    private readonly string[] _columns;
    private readonly Option<int> _limit = new("--limit") { Description = $"How many at most; 0 for all. Default {DefaultLimit}", DefaultValueFactory = static _ => DefaultLimit };
    private readonly Option<string?> _after = new("--after") { Description = "Only those behind this name or id" };
    private readonly IReadOnlyList<(string Parameter, Symbol Symbol)> _filters;

    private ListCommand(string what, string name, string[] columns, string summary, IReadOnlyList<(string Parameter, Symbol Symbol)> filters)
    {
        (_what, _name, _columns, _filters) = (what, name, columns, filters);
        Command = new Command(what, summary) { _limit, _after };
        foreach (var (_, symbol) in filters)
        {
            if (symbol is Argument argument)
            {
                Command.Add(argument);
            }
            else
            {
                Command.Add((Option)symbol);
            }
        }

        _remote.AddTo(Command);
        Command.Does(RunAsync);
    }

    public Command Command { get; }

    public static ListCommand Channels() => new(
        "channels", "channel", ["channel", "subscribers"], "Lists the channels that somebody is subscribed to, on all nodes.",
        [("prefix", new Argument<string?>("PREFIX") { Description = "What their names begin with", Arity = ArgumentArity.ZeroOrOne })]);

    public static ListCommand Connections() => new(
        "connections", "connection", ["connection", "user", "protocol", "subscriptions", "node"], "Lists the connections of the channel protocol, on all nodes.",
        [("user", new Option<string?>("--user") { Description = "Of this user alone" }), ("channel", new Option<string?>("--channel") { Description = "Those alone that are subscribed to this channel" })]);

    private async Task<int> RunAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        await using var opened = _remote.Open(parsed);
        if (opened is not ApiServer server)
        {
            throw new CommandException($"tidings {_what} asks the server API: give its key by --api-key or TIDINGS_API_KEY, and no --token.");
        }

        var left = parsed.GetValue(_limit) is var limit && limit > 0 ? limit : int.MaxValue;
        var after = parsed.GetValue(_after);
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        var rows = new List<JsonElement>();
        do
        {
            var page = await server.ListAsync(
                _what,
                [.. _filters.Select(filter => (filter.Parameter, ValueOf(parsed, filter.Symbol))), ("after", after), ("limit", Math.Min(left, MostPerPage).ToString(CultureInfo.InvariantCulture))],
                cancellationToken);
            rows.AddRange(page.GetProperty(_what).EnumerateArray());
            left -= page.GetProperty(_what).GetArrayLength();
            after = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            if (page.TryGetProperty("missing", out var silent))
            {
                missing.UnionWith(silent.EnumerateArray().Select(static node => node.GetString()!));
            }
        }
        while (after is not null && left > 0);

        Write(output, rows, after, missing);
        return ExitCode.Done;
    }

    private void Write(CommandOutput output, List<JsonElement> rows, string? next, SortedSet<string> missing)
    {
        if (output.IsJson)
        {
            foreach (var row in rows)
            {
                output.Json(writer =>
                {
                    foreach (var field in row.EnumerateObject())
                    {
                        field.WriteTo(writer);
                    }
                });
            }
        }
        else
        {
            output.Table(_columns, rows.Select(row => (IReadOnlyList<string>)[.. _columns.Select(column => row.TryGetProperty(column, out var value) ? value.ToString() : "")]));
        }

        if (next is not null)
        {
            output.Note($"There are more: --after {next} lists them.");
        }

        if (missing.Count > 0)
        {
            output.Note($"These nodes did not answer, and each {_name} that they alone have is not here: {string.Join(", ", missing)}.");
        }
    }

    private static string? ValueOf(ParseResult parsed, Symbol symbol) => symbol switch
    {
        Argument<string?> argument => parsed.GetValue(argument),
        Option<string?> option => parsed.GetValue(option),
        _ => null,
    };
}
