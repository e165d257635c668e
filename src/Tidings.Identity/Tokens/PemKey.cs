using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

/// <summary>What reading an RSA and an elliptic-curve key from PEM have in common.</summary>
internal static class PemKey
{
    internal static void Import(AsymmetricAlgorithm key, ReadOnlySpan<char> pem, string kind)
    {
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new ArgumentException($"The PEM does not hold exactly one public or unencrypted private key of {kind} kind.", nameof(pem), e);
        }
    }

    /// <summary>Exports with the private part where there is one.</summary>
    internal static TParameters Export<TParameters>(Func<bool, TParameters> export)
    {
        try
        {
            return export(true);
        }
        catch (CryptographicException)
        {
            return export(false);
        }
    }
}
