import type { ReactNode } from "react";

/** Icons on a grid of 24, drawn with lines in the colour of the text. */
function icon(shape: ReactNode) {
  return function Icon({ size = 20 }: { size?: number }) {
    return (
      <svg
        viewBox="0 0 24 24"
        width={size}
        height={size}
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {shape}
      </svg>
    );
  };
}

export const MicrophoneIcon = icon(
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </>,
);

export const MicrophoneOffIcon = icon(
  <>
    <path d="M15 9.5V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.6 2.5" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.5 11.5c0 .8-.1 1.5-.4 2.2M12 18v3M4 4l16 16" />
  </>,
);

export const HangUpIcon = icon(
  <path
    d="M4.2 15.6 3.4 14a1.9 1.9 0 0 1 .5-2.3 13 13 0 0 1 16.2 0 1.9 1.9 0 0 1 .5 2.3l-.8 1.6a1.6 1.6 0 0 1-2 .8l-2.1-.8a1.6 1.6 0 0 1-1-1.5v-1a9.6 9.6 0 0 0-5.4 0v1a1.6 1.6 0 0 1-1 1.500l-2.1.8a1.6 1.6 0 0 1-2-.8Z"
    fill="currentColor"
    stroke="none"
  />,
);

export const KeyboardIcon = icon(
  <>
    <rect x="2.5" y="6" width="19" height="12" rx="2.5" />
    <path d="M6.5 10h.01M10.2 10h.01M13.9 10h.01M17.5 10h.01M8 14h8" />
  </>,
);

export const SendIcon = icon(<path d="M12 19V5M6 11l6-6 6 6" />);

export const ChevronDownIcon = icon(<path d="m6 9.5 6 6 6-6" />);

export const CloseIcon = icon(<path d="M6 6l12 12M18 6 6 18" />);

export const SoundIcon = icon(
  <>
    <path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4Z" />
    <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.500a7.8 7.8 0 0 1 0 11" />
  </>,
);

export const SoundOffIcon = icon(
  <>
    <path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4Z" />
    <path d="m16 9.5 5 5M21 9.500l-5 5" />
  </>,
);

export const AlertIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 7.500v5.500M12 16.500h.01" />
  </>,
);
