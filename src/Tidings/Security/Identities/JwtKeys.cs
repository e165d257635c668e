using Tidings.Options;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>Makes keys of what the options say of them, and finds every fault in it.</summary>
internal static class JwtKeys
{
    private const int MostKeys = 64;

    /// <returns>The keys that could be made.</returns>
    public static IReadOnlyList<TokenKey> Read(JwtOptions options, out IReadOnlyList<string> faults)
    {
        var keys = new List<TokenKey>();
        var found = new List<string>();
        if (options.Secret is { } secret)
        {
            Add("Jwt:Secret", () => TokenKey.FromSecret(TokenAlgorithm.HS256, secret));
        }

        foreach (var (index, key) in options.Keys.Index())
        {
            var name = $"Jwt:Keys:{index}";
            switch (key)
            {
                case { Secret: { } text, PemFile: null }:
                    Add(name, () => TokenKey.FromSecret(key.Algorithm, text, key.Id));
                    break;
                case { PemFile: { } file, Secret: null }:
                    Add(name, () => TokenKey.FromPem(key.Algorithm, ReadPem(file), key.Id));
                    break;
                default:
                    found.Add($"Tidings:{name} needs Secret (HS256, HS384, HS512) or PemFile (RS and ES algorithms), and not both.");
                    break;
            }
        }

        if (keys.Count > MostKeys)
        {
            found.Add($"Tidings:Jwt has {keys.Count} keys; at most {MostKeys} are taken.");
        }

        foreach (var twice in keys.Where(static key => key.Id is not null).GroupBy(static key => key.Id).Where(static same => same.Count() > 1))
        {
            found.Add($"Tidings:Jwt has two keys of the id \"{OptionFault.Shown(twice.Key)}\".");
        }

        faults = found;
        return keys;

        void Add(string name, Func<TokenKey> make)
        {
            try
            {
                keys.Add(make());
            }
            catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException or NotSupportedException)
            {
                found.Add($"Tidings:{name}: {WithoutParameter(error.Message)}");
            }
        }
    }

    // Not the path: somebody may have put the key itself there.
    private static string ReadPem(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new IOException("PemFile must be a file that the server can read.");
        }
    }

    // Names of our parameters tell nobody anything.
    private static string WithoutParameter(string message) => message.Split(" (Parameter ", 2)[0];
}
