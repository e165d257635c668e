using System.Security.Cryptography;
using System.Text;

namespace Tidings.PostgreSql.Databases;

/// <summary>One entry of what is new, as long as it is being read.</summary>
/// <param name="Generation">What epochs follow from.</param>
/// <param name="Channel">Where.</param>
/// <param name="Place">Its place in the log; null for what is said in passing.</param>
/// <param name="IsMessage">Whether it stands in a log; with a place and otherwise, it tells of one that was erased there, or with 0 of all.</param>
/// <param name="Birth">Which log of that name.</param>
/// <param name="Time">Unix milliseconds.</param>
/// <param name="Payload">Reads what was said: not where nobody is there who wants it.</param>
internal readonly record struct News(string Generation, string Channel, long? Place, bool IsMessage, long Birth, long Time, Func<byte[]> Payload);

/// <summary>Epochs of logs: each follows from the generation, the log's birth and its name, as the schema's <c>epoch_1</c> has it.</summary>
internal static class LogEpoch
{
    private const int Bytes = 8;

    public static string Of(string generation, long birth, string channel) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(null, $"{generation} {birth} {channel}"))).AsSpan(0, Bytes));
}
