using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Server.Tokens;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary><c>tidings token</c>.</summary>
public sealed class TokenCommandTests
{
    private const string Secret = "a secret of the tests, 32 bytes or more";

    [Fact]
    public async Task What_it_makes_lets_its_user_in_with_what_it_grants()
    {
        await using var server = await TestServer.StartAsync(Pump.Streams, settings: [("Tidings:Jwt:Secret", Secret), ("Tidings:RequireAuthentication", "true")]);
        var token = Create("--user", "ada", "--expires", "5m", "--channel", "news:*=subscribe", "--jwt-secret", Secret);
        await using var socket = await server.ConnectAsync("/connect?ping=frame&token=" + token);
        Assert.Contains("\"user\":\"ada\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        await socket.SendTextAsync("""{"type":"subscribe","id":1,"channel":"news:a"}""");
        Assert.StartsWith("""{"type":"subscribed","id":1""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_shows_what_a_token_says_and_whether_it_holds()
    {
        var token = Create("--user", "ada", "--id", "t1", "--name", "Ada", "--jwt-secret", Secret);
        var (code, text, _) = Run("inspect", token, "--jwt-secret", Secret);
        Assert.Equal(0, code);
        foreach (var part in new[] { "\"sub\": \"ada\"", "\"jti\": \"t1\"", "\"alg\": \"HS256\"", "check    valid" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Split('.')[2], text, StringComparison.Ordinal);
        (code, text, _) = Run("inspect", token, "--jwt-secret", Secret + "x");
        Assert.Equal(1, code);
        Assert.Contains("refused: the signature", text, StringComparison.Ordinal);
        (code, text, _) = Run("inspect", token);
        Assert.Equal(0, code);
        Assert.Contains("check    none", text, StringComparison.Ordinal);
    }

    [Fact]
    public void In_JSON_it_is_one_object_a_line()
    {
        var (code, text, _) = Run("create", "--user", "ada", "--jwt-secret", Secret, "--json");
        Assert.Equal(0, code);
        var token = JsonDocument.Parse(text).RootElement.GetProperty("token").GetString()!;
        (code, text, _) = Run("inspect", token, "--jwt-secret", Secret, "--json");
        Assert.Equal(0, code);
        Assert.Equal('\n', Assert.Single(text, static c => c is '\n'));
        var shown = JsonDocument.Parse(text).RootElement;
        Assert.Equal("ada", shown.GetProperty("payload").GetProperty("sub").GetString());
        Assert.Equal("valid", shown.GetProperty("check").GetString());
    }

    [Theory]
    [InlineData("nistP256", "ES256")]
    [InlineData("nistP384", "ES384")]
    [InlineData("nistP521", "ES512")]
    [InlineData("rsa", "RS256")]
    public void A_key_file_is_used_for_what_it_is_for(string kind, string algorithm)
    {
        var directory = Directory.CreateTempSubdirectory("tidings-token-").FullName;
        try
        {
            var (own, open) = (Path.Combine(directory, "own.pem"), Path.Combine(directory, "open.pem"));
            using AsymmetricAlgorithm key = kind == "rsa" ? RSA.Create(2048) : ECDsa.Create(ECCurve.CreateFromFriendlyName(kind));
            File.WriteAllText(own, key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(open, key.ExportSubjectPublicKeyInfoPem());
            var (code, text, _) = Run("inspect", Create("--user", "ada", "--key-file", own), "--key-file", open);
            Assert.Equal(0, code);
            Assert.Contains(algorithm, text, StringComparison.Ordinal);
            Assert.Equal(2, Run("create", "--user", "ada", "--key-file", open).Code);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("--expires", "soon")]
    [InlineData("--expires", "0s")]
    [InlineData("--expires", "-1h")]
    [InlineData("--channel", "chat:*=fly")]
    [InlineData("--channel", "chat:*")]
    [InlineData("--channel", "=subscribe")]
    [InlineData("--name", "a\nb")]
    [InlineData("--key-file", "nowhere.pem")]
    public void What_is_wrong_is_told_without_the_secret(string option, string value)
    {
        var (code, text, error) = Run("create", "--user", "ada", "--jwt-secret", Secret, option, value);
        Assert.Equal(2, code);
        Assert.Empty(text);
        Assert.NotEmpty(error);
        Assert.DoesNotContain(Secret, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("e30.W10.x")]
    [InlineData("e30.e30.x.y")]
    public void What_is_no_token_is_told_so(string token)
    {
        var (code, text, error) = Run("inspect", token);
        Assert.Equal(1, code);
        Assert.Empty(text);
        Assert.Contains("no token", error, StringComparison.Ordinal);
    }

    [Fact]
    public void B42_a_terminal_obeys_nothing_that_a_token_says()
    {
        var hostile = Convert.ToBase64String("{\"sub\":\"\\u001b[31m\u202e\\n\u0007\"}"u8).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var (_, text, _) = Run("inspect", $"e30.{hostile}.x");
        Assert.DoesNotContain(text, static c => (char.IsControl(c) && c is not ('\n' or '\r')) || c == '\u202e');
    }

    [Fact]
    public async Task The_program_reads_a_token_from_standard_input_and_keys_from_the_environment()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var start = new ProcessStartInfo("dotnet", [Path.Combine(here.Parent!.Parent!.FullName, "Tidings.Server", here.Name, "Tidings.Server.dll"), "token", "inspect"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["Tidings__Jwt__Secret"] = Secret },
        };
        using var program = Process.Start(start)!;
        await program.StandardInput.WriteLineAsync(Create("--user", "ada", "--jwt-secret", Secret));
        program.StandardInput.Close();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.Contains("check    valid", await program.StandardOutput.ReadToEndAsync(limit.Token), StringComparison.Ordinal);
        await program.WaitForExitAsync(limit.Token);
        Assert.Equal(0, program.ExitCode);
    }

    private static string Create(params string[] arguments)
    {
        var (code, text, error) = Run(["create", .. arguments]);
        Assert.True(code == 0, error);
        return text.Trim();
    }

    private static (int Code, string Text, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = TokenCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
