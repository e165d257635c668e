using System.CommandLine;
using Tidings.Security.Identities;
using Tidings.Security.Issuers;
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

    private readonly Option<string> _authority = new("--jwt-authority") { Description = "OpenID Connect provider whose keys are fetched, as https://issuer.example.com/. Default Tidings:Jwt:Authority" };
    private readonly Option<string> _jwks = new("--jwks-url") { Description = "Address of the issuer's keys, where it has no discovery document. Default Tidings:Jwt:JwksUrl" };
    private readonly Option<string> _audience = new("--jwt-audience") { Description = "What the token must be for (aud). Default Tidings:Jwt:Audience" };
    private readonly Option<string> _issuer = new("--jwt-issuer") { Description = "What iss must be. Default Tidings:Jwt:Issuer, or what the provider says" };

    private readonly Option<string> _secret = new("--jwt-secret") { Description = "Secret of the key, at least 32 bytes. Others may see the command line: Tidings__Jwt__Secret in the environment is safer" };
    private readonly Option<string> _file = new("--key-file") { Description = "PEM file with an RSA or elliptic-curve key, or a file with a secret" };
    private readonly Option<TokenAlgorithm?> _algorithm = new("--algorithm") { Description = "HS256 to PS512. Default: HS256 for a secret, what the key is for otherwise" };
    private readonly Option<string> _id = new("--key-id") { Description = "The key's id, kid in the token" };

    public void AddTo(Command command)
    {
        command.Options.Add(_secret);
        command.Options.Add(_file);
        command.Options.Add(_algorithm);
        command.Options.Add(_id);
    }

    /// <summary>The same, and issuers whose keys are fetched.</summary>
    public void AddWithIssuersTo(Command command)
    {
        AddTo(command);
        command.Options.Add(_authority);
        command.Options.Add(_jwks);
        command.Options.Add(_audience);
        command.Options.Add(_issuer);
    }

    /// <summary>Who may have made a token, by the command line or else the server's configuration; none where neither names a key or an issuer.</summary>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="CommandException">They are wrong.</exception>
    public TokenIssuers ReadIssuers(ParseResult parsed)
    {
        var jwt = Configured();
        (jwt.Audience, jwt.Issuer) = (parsed.GetValue(_audience) ?? jwt.Audience, parsed.GetValue(_issuer) ?? jwt.Issuer);
        if (parsed.GetValue(_secret) is not null || parsed.GetValue(_file) is not null)
        {
            var keys = Read(parsed).Keys;
            return new TokenIssuers([new IssuerSettings { Keys = keys, Mapping = new ClaimMapping { Issuer = jwt.Issuer, AudienceName = jwt.Audience } }], jwt);
        }

        if (parsed.GetValue(_authority) is not null || parsed.GetValue(_jwks) is not null)
        {
            // With an issuer named, that one is meant.
            (jwt.Authority, jwt.JwksUrl, jwt.Secret) = (parsed.GetValue(_authority), parsed.GetValue(_jwks), null);
            jwt.Keys.Clear();
            jwt.Issuers.Clear();
        }

        var issuers = JwtIssuers.Read(jwt, [], out var faults);
        return faults.Count == 0 ? new TokenIssuers(issuers, jwt) : throw CommandException.Misused(string.Join(' ', faults));
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

/// <summary>Whose tokens are accepted, and by what options.</summary>
internal sealed record TokenIssuers(IReadOnlyList<IssuerSettings> Issuers, JwtOptions Options);

/// <summary>Keys, and what else a token has to say to be accepted with them.</summary>
internal sealed record TokenKeys(IReadOnlyList<TokenKey> Keys, string? Issuer, string? Audience, TokenValidatorOptions Validation);
