namespace Tidings.Options;

/// <summary>What the process may have: the limit of its container or of its heap, else the machine's memory.</summary>
internal static class ProcessMemory
{
    public static long Bytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
