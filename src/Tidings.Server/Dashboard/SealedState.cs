using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Tidings.Server.Dashboard;

/// <summary>Seals what a browser carries while somebody signs in, with a key that every node derives from the client's secret.</summary>
internal sealed class SealedState : IDataProtectionProvider, IDataProtector
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] _secret;
    private readonly string _purpose;

    public SealedState(string secret)
        : this(Encoding.UTF8.GetBytes(secret), "tidings dashboard sign-in")
    {
    }

    private SealedState(byte[] secret, string purpose) => (_secret, _purpose) = (secret, purpose);

    // A purpose has no character 0, so that no two chains of purposes are one.
    public IDataProtector CreateProtector(string purpose) => new SealedState(_secret, $"{_purpose}\0{purpose}");

    public byte[] Protect(byte[] plaintext)
    {
        var result = new byte[NonceLength + plaintext.Length + TagLength];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceLength));
        using var cipher = Cipher();
        cipher.Encrypt(result.AsSpan(0, NonceLength), plaintext, result.AsSpan(NonceLength, plaintext.Length), result.AsSpan(NonceLength + plaintext.Length));
        return result;
    }

    public byte[] Unprotect(byte[] protectedData)
    {
        if (protectedData.Length < NonceLength + TagLength)
        {
            throw new CryptographicException("Too short to be sealed.");
        }

        var plaintext = new byte[protectedData.Length - NonceLength - TagLength];
        using var cipher = Cipher();
        cipher.Decrypt(protectedData.AsSpan(0, NonceLength), protectedData.AsSpan(NonceLength, plaintext.Length), protectedData.AsSpan(NonceLength + plaintext.Length), plaintext);
        return plaintext;
    }

    private AesGcm Cipher() => new(HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, 32, info: Encoding.UTF8.GetBytes(_purpose)), TagLength);
}
