using System.CommandLine;

namespace Tidings.Server.Tokens;

/// <summary><c>tidings token</c>: makes and inspects the tokens by which clients say who they are.</summary>
internal static class TokenCommand
{
    private const int Misconfigured = 2;

    public static Command Create() => new("token", "Makes and inspects tokens.") { new TokenCreate().Command, new TokenInspect().Command };

    /// <summary>Runs a command, and tells in words why it can't be done.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="command">Writes its answer, and returns the exit code.</param>
    public static int Run(ParseResult parsed, Func<ParseResult, TextWriter, int> command)
    {
        try
        {
            return command(parsed, parsed.InvocationConfiguration.Output);
        }
        catch (TokenCommandException error)
        {
            parsed.InvocationConfiguration.Error.WriteLine(error.Message);
            return Misconfigured;
        }
    }
}
