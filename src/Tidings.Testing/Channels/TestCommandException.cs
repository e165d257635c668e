using System.Text.Json;

namespace Tidings.Testing;

/// <summary>The server answered a command with an error.</summary>
public sealed class TestCommandException : Exception
{
    private TestCommandException(string code, string message)
        : base(message) => Code = code;

    /// <summary>The error's code (docs/protocol.md, <em>Errors</em>), as <c>not_allowed</c>.</summary>
    public string Code { get; }

    internal static TestCommandException Of(JsonElement error)
    {
        var code = error.GetProperty("code").GetString()!;
        return new TestCommandException(code, $"The server refused a command: {error.GetRawText()}");
    }
}
