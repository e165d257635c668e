using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.AspNetCore.Hooks;

/// <summary>Shows a hook that a request comes from this server, and when: <c>t=seconds,v1=hex</c>, where hex is HMAC-SHA256 of <c>seconds.body</c>.</summary>
internal sealed class HookSignature(string secret)
{
    public const string Header = "Tidings-Signature";

    private readonly byte[] _key = Encoding.UTF8.GetBytes(secret);

    public string Sign(ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(Encoding.ASCII.GetBytes(seconds + "."));
        mac.AppendData(body);
        return $"t={seconds},v1={Convert.ToHexStringLower(mac.GetHashAndReset())}";
    }
}
