using System.CommandLine;

namespace Tidings.Server.Tokens;

/// <summary><c>tidings token</c>: makes and inspects the tokens by which clients say who they are.</summary>
internal static class TokenCommand
{
    public static Command Create() => new("token", "Makes and inspects tokens.") { new TokenCreate().Command, new TokenInspect().Command };
}
