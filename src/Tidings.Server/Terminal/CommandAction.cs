using System.CommandLine;
using System.Runtime.InteropServices;

namespace Tidings.Server.Terminal;

/// <summary>Runs a command: the option <c>--json</c>, signals, and what becomes of errors.</summary>
internal static class CommandAction
{
    private static readonly Option<bool> Json = new("--json") { Description = "Write each result as a JSON object on a line of its own" };

    /// <summary>Sets what the command does; it gets the option <c>--json</c>.</summary>
    /// <param name="command">The command.</param>
    /// <param name="run">Returns the exit code. What it throws as <see cref="CommandException"/> is told.</param>
    public static void Does(this Command command, Func<ParseResult, CommandOutput, CancellationToken, Task<int>> run)
    {
        command.Options.Add(Json);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, run, cancellationToken));
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<ParseResult, CommandOutput, CancellationToken, Task<int>> run, CancellationToken cancellationToken)
    {
        var output = new CommandOutput(parsed.InvocationConfiguration, parsed.GetValue(Json));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var interrupted = ExitCode.Interrupted;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        try
        {
            return await run(parsed, output, end.Token);
        }
        catch (CommandException error)
        {
            output.Note(CommandOutput.Clean(error.Message));
            return error.ExitCode;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return interrupted;
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            interrupted = signal.Signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Terminated;
            end.Cancel();
        }
    }

    /// <summary>Says what is wrong with a command line, and where help is.</summary>
    public static int Misused(ParseResult parsed)
    {
        foreach (var error in parsed.Errors)
        {
            parsed.InvocationConfiguration.Error.WriteLine(CommandOutput.Clean(WithoutValues(parsed, error.Message)));
        }

        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, result.Command.Name);
        }

        parsed.InvocationConfiguration.Error.WriteLine($"\"{string.Join(' ', names)} --help\" tells what it takes.");
        return ExitCode.Misused;
    }

    // What nobody asked for may be a part of a secret that was not quoted, or the value of an option that was misspelt.
    private static string WithoutValues(ParseResult parsed, string message)
    {
        foreach (var token in parsed.CommandResult.Parent is null ? [] : parsed.UnmatchedTokens)
        {
            message = message.Replace($"'{token}'", token.StartsWith('-') ? $"'{token.Split('=')[0]}'" : "(not shown)", StringComparison.Ordinal);
        }

        return message;
    }
}
