using System.Text;
using TestKit;
using Tidings.Security.Tokens;

namespace Tidings.Attacks;

/// <summary>The server as its attackers see it.</summary>
internal sealed record Target(int Port)
{
    /// <summary>Where attacks come from. All addresses of 127.0.0.0/8 are this machine's.</summary>
    public const string Attacker = "127.0.0.1";

    public const string JwtSecret = "a secret of the attacks, 32 bytes or more";
    public const string AdminKey = "an admin key of the attacks";

    private static readonly TokenWriter Tokens = new(TokenKey.FromSecret(TokenAlgorithm.HS256, JwtSecret));

    public static string TokenOf(string user) => Tokens.Write(new TokenClaims
    {
        Subject = user,
        IssuedAt = TimeProvider.System.GetUtcNow(),
        ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1),
    });

    /// <summary>A connection from the attacker's address, or another.</summary>
    public Task<RawTcp> ConnectAsync(string from = Attacker) => RawTcp.ConnectAsync(Port, OptionsOf(from));

    /// <summary>A WebSocket from the attacker's address, or another.</summary>
    public Task<RawWebSocket> OpenAsync(string path, string from = Attacker, params (string Name, string? Value)[] headers) =>
        RawWebSocket.ConnectAsync(Port, path, OptionsOf(from) with { Headers = headers });

    public static string Post(string path, int length, string headers = "") =>
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n";

    public static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static RawOptions OptionsOf(string from) => new() { From = from, Limit = TimeSpan.FromSeconds(10) };
}
