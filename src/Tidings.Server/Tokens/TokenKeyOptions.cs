using System.CommandLine;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;
using Tidings.Server.Configuration;
using Tidings.Server.Options;
using Tidings.Server.Terminal;

namespace Tidings.Server.Tokens;

/// <summary>Which key makes or checks a token: one that the command line names, or those of the server's own configuration.</summary>
internal sealed class TokenKeyOptions
{
    // Which of them a PEM file is for shows by its key.
    private static readonly TokenAlgorithm[] PemAlgorithms = [TokenAlgorithm.ES256, TokenAlgorithm.ES384, TokenAlgorithm.ES512, TokenAlgorithm.RS256];

    private readonly Option<string> _secret = new("--jwt-secret") { Description = "Secret of the key, at least 32 bytes. Others may see the command line: Tidings__Jwt__Secret in the environment is safer" };
    private readonly Option<string> _file = new("--key-file") { Description = "PEM file with an RSA or elliptic-curve key, or a file with a secret" };
    private readonly Option<TokenAlgorithm?> _algorithm = new("--algorithm") { Description = "HS256 to ES512. Default: HS256 for a secret, what the key is for otherwise" };
    private readonly Option<string> _id = new("--key-id") { Description = "The key's id, kid in the token" };

    public void AddTo(Command command)
    {
        command.Options.Add(_secret);
        command.Options.Add(_file);
        command.Options.Add(_algorithm);
        command.Options.Add(_id);
    }

    /// <summary>The keys, with issuer and audience of the configuration.</summary>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="CommandException">They are wrong.</exception>
    public TokenKeys Read(ParseResult parsed)
    {
        var jwt = Configured();
        var (secret, file, algorithm, id) = (parsed.GetValue(_secret), parsed.GetValue(_file), parsed.GetValue(_algorithm), parsed.GetValue(_id));
        if (secret is not null && file is not null)
        {
            throw CommandException.Misused("Either --jwt-secret or --key-file, not both.");
        }

        IReadOnlyList<TokenKey> keys;
        try
        {
            keys = secret is not null ? [TokenKey.FromSecret(algorithm ?? TokenAlgorithm.HS256, secret, id)]
                : file is not null ? [FromFile(file, algorithm, id)]
                : ConfiguredKeys(jwt);
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw CommandException.Misused(error.Message.Split(" (Parameter ", 2)[0]);
        }

        return new TokenKeys(keys, jwt.Issuer, jwt.Audience, jwt.Validation());
    }

    private static JwtOptions Configured()
    {
        var options = new ServerOptions();
        var reader = new OptionsReader();
        reader.Read(new ConfigurationBuilder().AddServerSources().Build().GetSection("Tidings"), options.Tidings, options);
        return reader.Faults.Count == 0 ? options.Tidings.Jwt : throw CommandException.Misused(string.Join(' ', reader.Faults));
    }

    private static IReadOnlyList<TokenKey> ConfiguredKeys(JwtOptions jwt)
    {
        var keys = JwtKeys.Read(jwt, out var faults);
        return faults.Count == 0 ? keys : throw CommandException.Misused(string.Join(' ', faults));
    }

    private static TokenKey FromFile(string file, TokenAlgorithm? algorithm, string? id)
    {
        var text = File.ReadAllText(file);
        if (!text.Contains("-----BEGIN ", StringComparison.Ordinal))
        {
            return TokenKey.FromSecret(algorithm ?? TokenAlgorithm.HS256, text.TrimEnd('\r', '\n'), id);
        }

        if (algorithm is { } named)
        {
            return TokenKey.FromPem(named, text, id);
        }

        foreach (var candidate in PemAlgorithms)
        {
            try
            {
                return TokenKey.FromPem(candidate, text, id);
            }
            catch (ArgumentException)
            {
                // The next one may be what it is for.
            }
        }

        throw CommandException.Misused($"{file} holds no key that tokens can be signed with: RSA of 2048 to 8192 bits, or P-256, P-384 or P-521, not encrypted.");
    }
}

/// <summary>Keys, and what else a token has to say to be accepted with them.</summary>
internal sealed record TokenKeys(IReadOnlyList<TokenKey> Keys, string? Issuer, string? Audience, TokenValidatorOptions Validation);
